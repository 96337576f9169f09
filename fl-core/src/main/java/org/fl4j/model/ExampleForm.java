package org.fl4j.model;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.fl4j.internal.Check;

/**
 * What an example is between two layers, see {@link Layer#output}. Methods that take the name of a layer throw an
 * {@link IllegalArgumentException} that names the layer, the rule and the value, if the layer does not accept the
 * example.
 *
 * @param shape without the batch
 * @param type float32 for features, int64 for tokens
 * @param largest how many elements the largest array has on the way so far
 * @param total about how many elements the arrays on the way have together; outputs of activations are not counted, and
 *     of two paths only the one with more
 */
public record ExampleForm(Shape shape, DataType type, long largest, long total) {
    /** Begins with an example. */
    public ExampleForm(Shape shape, DataType type) {
        this(shape, type, shape.size(), shape.size());
    }

    /** Returns an example of another shape and the same type, behind this one. */
    public ExampleForm with(Shape next) {
        return new ExampleForm(next, type, Math.max(largest, next.size()), total + next.size());
    }

    /** Returns this, after an array of so many elements was needed for an example on the way. */
    public ExampleForm after(long elements) {
        return new ExampleForm(shape, type, Math.max(largest, elements), total + elements);
    }

    /** Requires floats, and returns this. */
    public ExampleForm floats(String name) {
        Check.that(type == DataType.FLOAT32, "input of " + name, "float32", type);
        return this;
    }

    /** Requires a vector, and returns this. */
    public ExampleForm vector(String name) {
        floats(name);
        require(shape.dimension() == 1, name, "(inputs)", ": put a Flatten layer before it");
        return this;
    }

    /** Requires an image, and returns how many channels it has. */
    public long channels(String name) {
        floats(name);
        require(shape.dimension() == 3, name, "(channels, height, width)", "");
        return shape.get(0);
    }

    /** Requires a sequence, and returns how many positions it has. */
    public long positions(String name) {
        floats(name);
        require(shape.dimension() == 2, name, "(positions, features)", "");
        return shape.get(0);
    }

    /** Requires tokens, and returns rows of a table in their place. */
    ExampleForm embedded(String name, int size) {
        Check.that(type == DataType.INT64, "input of " + name, "int64 tokens", type);
        Shape rows = shape.add(size);
        return new ExampleForm(rows, DataType.FLOAT32, Math.max(largest, rows.size()), total + rows.size());
    }

    /** Requires an image whose channels make so many groups, and returns this. */
    ExampleForm inGroups(String name, int groups) {
        long channels = channels(name);
        Check.that(channels % groups == 0, "groups of " + name, "a divisor of its " + channels + " channels", groups);
        return this;
    }

    /** Requires an image that is as large as a window at least, and returns what windows make of it. */
    ExampleForm windows(String name, Layer.Conv2d window) {
        channels(name);
        long height = shape.get(1) + 2L * window.padding();
        long width = shape.get(2) + 2L * window.padding();
        Check.that(
                window.kernel() <= Math.min(height, width),
                "window of " + name,
                "at most " + Math.min(height, width) + ", as its input has the shape " + text(shape)
                        + (window.padding() > 0 ? " and a padding of " + window.padding() : ""),
                window.kernel());
        return with(new Shape(
                window.filters(),
                (height - window.kernel()) / window.stride() + 1,
                (width - window.kernel()) / window.stride() + 1));
    }

    /** Requires an image, and returns the maxima or means of square windows that do not overlap. */
    ExampleForm pooled(String name, int size) {
        return windows(name, new Layer.Conv2d(Math.toIntExact(channels(name)), size, size, 0, false));
    }

    /** Requires another path through a layer to end with the same shape, and returns this. */
    ExampleForm same(String name, ExampleForm other) {
        Check.that(
                shape.equals(other.shape),
                "outputs of the body and the shortcut of " + name,
                "of one shape",
                text(shape) + " and " + text(other.shape));
        return new ExampleForm(shape, type, Math.max(largest, other.largest), Math.max(total, other.total));
    }

    private void require(boolean holds, String name, String rule, String remedy) {
        if (!holds) {
            throw new IllegalArgumentException("input of " + name + " must be of shape " + rule
                    + " for each example, but was " + text(shape) + remedy);
        }
    }

    private static String text(Shape shape) {
        return LongStream.of(shape.getShape()).mapToObj(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
    }
}
