package org.fl4j.tensor;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.fl4j.internal.Check;

/**
 * Where each parameter of a model lies in its flat vectors. Trainable parameters come first in the float vector, float
 * buffers behind them; integer buffers have a vector of their own. Immutable; equal if all entries are.
 */
public final class ParameterLayout {
    private final List<Entry> parameters;
    private final long trainableCount;
    private final long floatCount;
    private final long integerCount;

    /**
     * One parameter.
     *
     * @param name unique within the layout
     * @param shape the dimensions, each at least 1; none for a scalar
     * @param role which vector and which part of it
     * @param offset the index of its first element in the vector of its role
     */
    public record Entry(String name, List<Long> shape, ParameterRole role, long offset) {
        /** Copies the shape. */
        public Entry {
            shape = List.copyOf(shape);
            for (long dimension : shape) {
                Check.that(dimension >= 1, "shape of " + name, "of dimensions of at least 1", shape);
            }
        }

        /** Returns the number of elements. */
        public long size() {
            return shape.stream().reduce(1L, Math::multiplyExact);
        }

        /** Returns the shape as DJL's type. */
        public Shape djlShape() {
            return new Shape(shape.stream().mapToLong(Long::longValue).toArray());
        }
    }

    private ParameterLayout(List<Entry> parameters) {
        this.parameters = List.copyOf(parameters);
        Set<String> names = new HashSet<>();
        parameters.forEach(entry -> Check.that(names.add(entry.name()), "parameter name", "unique", entry.name()));
        trainableCount = count(ParameterRole.TRAINABLE);
        floatCount = trainableCount + count(ParameterRole.FLOAT_BUFFER);
        integerCount = count(ParameterRole.INTEGER_BUFFER);
    }

    /** Returns the parameters in the order of the vectors: trainable, float buffers, integer buffers. */
    public List<Entry> parameters() {
        return parameters;
    }

    /** Collects parameters in any order and gives each its place. */
    public static final class Builder {
        private final List<Entry> entries = new ArrayList<>();

        /**
         * Adds a parameter.
         *
         * @throws IllegalArgumentException if parameters of the role do not {@linkplain ParameterRole#travels travel}
         */
        public Builder add(String name, Shape shape, ParameterRole role) {
            Check.that(role.travels(), "role of parameter " + name, "one that travels", role);
            List<Long> dimensions = new ArrayList<>();
            for (long dimension : shape.getShape()) {
                dimensions.add(dimension);
            }
            entries.add(new Entry(name, dimensions, role, 0));
            return this;
        }

        /** Returns the layout: stable within a role, roles in the order of {@link ParameterRole}. */
        public ParameterLayout build() {
            List<Entry> placed = new ArrayList<>();
            long floats = 0;
            long integers = 0;
            entries.sort(Comparator.comparing(Entry::role));
            for (Entry entry : entries) {
                boolean integer = entry.role() == ParameterRole.INTEGER_BUFFER;
                placed.add(new Entry(entry.name(), entry.shape(), entry.role(), integer ? integers : floats));
                if (integer) {
                    integers += entry.size();
                } else {
                    floats += entry.size();
                }
            }
            return new ParameterLayout(placed);
        }
    }

    /** Returns the number of trainable elements. */
    public long trainableCount() {
        return trainableCount;
    }

    /** Returns the number of float elements, trainable or not. */
    public long floatCount() {
        return floatCount;
    }

    /** Returns the number of integer elements. */
    public long integerCount() {
        return integerCount;
    }

    private long count(ParameterRole role) {
        return parameters.stream()
                .filter(entry -> entry.role() == role)
                .mapToLong(Entry::size)
                .sum();
    }

    /** Returns whether there are buffers, of floats or integers. */
    public boolean hasBuffers() {
        return floatCount() > trainableCount() || integerCount() > 0;
    }

    /** Returns how many bytes a message with one value per element takes: 4 a float, 8 an integer. */
    public long byteCount() {
        return 4 * floatCount + 8 * integerCount;
    }

    /** Returns the entry of that name. */
    public Optional<Entry> find(String name) {
        return parameters.stream().filter(entry -> entry.name().equals(name)).findFirst();
    }

    /** Says in one line where this layout differs from another, or nothing if they are equal. */
    public Optional<String> differenceFrom(ParameterLayout other) {
        if (equals(other)) {
            return Optional.empty();
        }
        for (Entry entry : parameters) {
            Optional<Entry> twin = other.find(entry.name());
            if (twin.isEmpty()) {
                return Optional.of("parameter " + entry.name() + " is missing");
            }
            if (!twin.get().equals(entry)) {
                return Optional.of("parameter " + entry.name() + " must be " + describe(entry) + ", but was "
                        + describe(twin.get()));
            }
        }
        return Optional.of(other.parameters.size() + " parameters instead of " + parameters.size());
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof ParameterLayout layout && parameters.equals(layout.parameters));
    }

    @Override
    public int hashCode() {
        return parameters.hashCode();
    }

    @Override
    public String toString() {
        return "ParameterLayout" + parameters;
    }

    private static String describe(Entry entry) {
        return entry.role() + " " + entry.shape() + " at offset " + entry.offset();
    }
}
