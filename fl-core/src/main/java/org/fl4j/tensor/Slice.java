package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.fl4j.internal.Check;

/**
 * Which part of a model a client trains that has not room for all of it: of each parameter, ranges along its axes. The
 * parts make a smaller layout, with the same parameters in the same order.
 *
 * @param axes by the name of a parameter, one entry for each of its axes; a parameter that is not named is whole
 */
public record Slice(Map<String, List<Axis>> axes) {
    /**
     * Elements {@code from} to {@code from + count - 1} of an axis.
     *
     * @param from at least 0
     * @param count at least 1
     */
    public record Range(long from, long count) {
        /** Checks both. */
        public Range {
            Check.that(from >= 0, "from of a range", "at least 0", from);
            Check.that(count >= 1, "count of a range", "at least 1", count);
            Check.that(from <= Long.MAX_VALUE - count, "end of a range", "at most 2^63 - 1", from + "+" + count);
        }

        long end() {
            return from + count;
        }
    }

    /**
     * What of an axis belongs to the slice.
     *
     * @param ranges in ascending order, none of which meet; none at all for the whole axis
     */
    public record Axis(List<Range> ranges) {
        /** Checks the order. */
        public Axis {
            ranges = List.copyOf(ranges);
            for (int i = 1; i < ranges.size(); i++) {
                Check.that(
                        ranges.get(i).from() > ranges.get(i - 1).end(),
                        "ranges of an axis",
                        "in ascending order, with gaps between them",
                        ranges);
            }
        }

        /** Returns the whole axis. */
        public static Axis whole() {
            return new Axis(List.of());
        }

        /** Returns the first elements of an axis. */
        public static Axis first(long count) {
            return new Axis(List.of(new Range(0, count)));
        }

        private long[] indices(long size) {
            return ranges.isEmpty()
                    ? LongStream.range(0, size).toArray()
                    : ranges.stream()
                            .flatMapToLong(range -> LongStream.range(range.from(), range.end()))
                            .toArray();
        }
    }

    /** Copies the map. */
    public Slice {
        TreeMap<String, List<Axis>> copy = new TreeMap<>();
        axes.forEach((name, list) -> copy.put(name, List.copyOf(list)));
        axes = Collections.unmodifiableMap(copy);
    }

    /**
     * Returns the layout of this part of a model.
     *
     * @throws IllegalArgumentException if a parameter is not the model's, has another number of axes, or is shorter
     *     than a range; or if the model has integer buffers, which have no mean
     */
    public ParameterLayout of(ParameterLayout whole) {
        Check.that(whole.integerCount() == 0, "model of slices", "without integer buffers", whole.integerCount());
        ParameterLayout.Builder builder = new ParameterLayout.Builder();
        axes.keySet()
                .forEach(name ->
                        Check.that(whole.find(name).isPresent(), "parameter of a slice", "one of the model's", name));
        for (ParameterLayout.Entry entry : whole.parameters()) {
            builder.add(entry.name(), shape(entry), entry.role());
        }
        return builder.build();
    }

    private Shape shape(ParameterLayout.Entry entry) {
        long[][] indices = indices(entry);
        return new Shape(LongStream.range(0, indices.length)
                .map(axis -> indices[(int) axis].length)
                .toArray());
    }

    /** Returns the indices along each axis of a parameter. */
    private long[][] indices(ParameterLayout.Entry entry) {
        List<Long> shape = entry.shape();
        List<Axis> parts = axes.getOrDefault(entry.name(), Collections.nCopies(shape.size(), Axis.whole()));
        Check.that(
                parts.size() == shape.size(),
                "axes of a slice of " + entry.name(),
                "as many as it has, " + shape.size(),
                parts.size());
        long[][] indices = new long[parts.size()][];
        for (int axis = 0; axis < indices.length; axis++) {
            long size = shape.get(axis);
            List<Range> ranges = parts.get(axis).ranges();
            Check.that(
                    ranges.isEmpty() || ranges.get(ranges.size() - 1).end() <= size,
                    "axis " + axis + " of a slice of " + entry.name(),
                    "within the parameter's " + size + " elements",
                    ranges);
            indices[axis] = parts.get(axis).indices(size);
        }
        return indices;
    }

    /** Returns whether this is all of a model. */
    public boolean isWhole(ParameterLayout whole) {
        return of(whole).equals(whole);
    }

    /** Returns where the floats of this part lie in the floats of the whole: int64, as long as the part's floats. */
    public NDArray positions(ParameterLayout whole, NDManager manager) {
        long[] positions = new long[Math.toIntExact(of(whole).floatCount())];
        int next = 0;
        for (ParameterLayout.Entry entry : whole.parameters()) {
            for (long position : offsets(indices(entry), entry.shape())) {
                positions[next++] = entry.offset() + position;
            }
        }
        return Tensors.create(manager, positions);
    }

    /** Returns the row-major offsets of all combinations of indices. */
    private static long[] offsets(long[][] indices, List<Long> shape) {
        long[] offsets = {0};
        for (int axis = 0; axis < indices.length; axis++) {
            long[] along = indices[axis];
            long[] more = new long[offsets.length * along.length];
            for (int i = 0; i < more.length; i++) {
                more[i] = offsets[i / along.length] * shape.get(axis) + along[i % along.length];
            }
            offsets = more;
        }
        return offsets;
    }

    /** Returns a copy of this part of a model, on the same device; it belongs to the open scope. */
    public ParameterVector cut(ParameterVector whole) {
        NDManager manager = whole.floats().getManager();
        NDArray positions = positions(whole.layout(), manager);
        NDArray floats = Kernels.rows(manager, whole.floats(), positions);
        return new ParameterVector(of(whole.layout()), floats, Optional.empty());
    }

    /** Returns the ranges as texts by parameter, such as {@code 0+4 8+2;all} for two axes. */
    public Map<String, String> texts() {
        Map<String, String> texts = new TreeMap<>();
        axes.forEach((name, list) -> {
            List<String> parts = new ArrayList<>();
            for (Axis axis : list) {
                List<String> ranges = axis.ranges().stream()
                        .map(range -> range.from() + "+" + range.count())
                        .toList();
                parts.add(ranges.isEmpty() ? "all" : String.join(" ", ranges));
            }
            texts.put(name, String.join(";", parts));
        });
        return texts;
    }

    /**
     * Reads what {@link #texts} returned.
     *
     * @throws IllegalArgumentException if a text is another
     */
    public static Slice parse(Map<String, String> texts) {
        Map<String, List<Axis>> axes = new TreeMap<>();
        texts.forEach((name, text) -> {
            List<Axis> list = new ArrayList<>();
            if (!text.isEmpty()) {
                for (String part : text.split(";", -1)) {
                    list.add(axis(part));
                }
            }
            axes.put(name, list);
        });
        return new Slice(axes);
    }

    private static Axis axis(String text) {
        if (text.equals("all")) {
            return Axis.whole();
        }
        List<Range> ranges = new ArrayList<>();
        for (String range : text.split(" ", -1)) {
            String[] both = range.split("\\+", -1);
            Check.that(both.length == 2, "range of a slice", "such as 0+4", range);
            ranges.add(new Range(Long.parseLong(both[0]), Long.parseLong(both[1])));
        }
        return new Axis(ranges);
    }
}
