package org.fl4j.model;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.fl4j.internal.Check;

/** What the layers of a network make of the shape of one example, and which examples each layer accepts. */
final class LayerShapes {
    private DataType type;
    private long largest;

    private LayerShapes(DataType type) {
        this.type = type;
    }

    /**
     * What a network makes of an example.
     *
     * @param output the shape of its output, without the batch
     * @param largest how many elements the largest array has on the way, input and output included
     */
    record Trace(Shape output, long largest) {}

    /**
     * Follows an example through a network.
     *
     * @param example the shape of the example, without the batch
     * @param type float32 for features, int64 for tokens
     * @throws IllegalArgumentException if a layer does not accept what reaches it; the message names the layer, the rule and the value
     */
    static Trace trace(List<Layer> layers, Shape example, DataType type) {
        LayerShapes shapes = new LayerShapes(type);
        shapes.largest = example.size();
        return new Trace(shapes.sequence(layers, example, ""), shapes.largest);
    }

    /** Returns the embedding that a network begins with, if it does. */
    static Optional<Layer.Embedding> embedding(List<Layer> layers) {
        return layers.stream()
                .filter(layer -> !(layer instanceof Layer.Flatten))
                .findFirst()
                .map(layer -> layer instanceof Layer.Frozen frozen ? frozen.layer() : layer)
                .filter(Layer.Embedding.class::isInstance)
                .map(Layer.Embedding.class::cast);
    }

    /** Returns what a network reads: int64 tokens if it begins with an embedding, otherwise float32 features. */
    static DataType inputType(List<Layer> layers) {
        return embedding(layers).isPresent() ? DataType.INT64 : DataType.FLOAT32;
    }

    private Shape sequence(List<Layer> layers, Shape example, String above) {
        Shape shape = example;
        for (int i = 0; i < layers.size(); i++) {
            shape = layer(layers.get(i), shape, above + (i + 1));
            largest = Math.max(largest, shape.size());
        }
        return shape;
    }

    private Shape layer(Layer layer, Shape in, String number) {
        if (layer instanceof Layer.Frozen frozen) {
            return layer(frozen.layer(), in, number);
        }
        String name = "layer " + number + " (" + layer.getClass().getSimpleName() + ")";
        if (layer instanceof Layer.Flatten) {
            return new Shape(in.size());
        }
        if (layer instanceof Layer.Embedding embedding) {
            Check.that(type == DataType.INT64, "input of " + name, "int64 tokens", type);
            type = DataType.FLOAT32;
            return in.add(embedding.size());
        }
        Check.that(type == DataType.FLOAT32, "input of " + name, "float32", type);
        if (layer instanceof Layer.Dense dense) {
            require(in.dimension() == 1, name, "(inputs)", in, ": put a Flatten layer before it");
            return new Shape(dense.units());
        } else if (layer instanceof Layer.Conv2d conv) {
            return windows(name, in, conv.filters(), conv.kernel(), conv.stride(), conv.padding());
        } else if (layer instanceof Layer.MaxPool2d pool) {
            return windows(name, in, channels(name, in), pool.size(), pool.size(), 0);
        } else if (layer instanceof Layer.AveragePool2d pool) {
            return windows(name, in, channels(name, in), pool.size(), pool.size(), 0);
        } else if (layer instanceof Layer.GlobalAveragePool2d) {
            return new Shape(channels(name, in));
        } else if (layer instanceof Layer.GroupNorm norm) {
            long channels = channels(name, in);
            Check.that(
                    channels % norm.groups() == 0,
                    "groups of " + name,
                    "a divisor of its " + channels + " channels",
                    norm.groups());
        } else if (layer instanceof Layer.Residual residual) {
            return residual(residual, in, number, name);
        }
        return in;
    }

    private Shape residual(Layer.Residual residual, Shape in, String number, String name) {
        Shape body = sequence(residual.body(), in, number + ".");
        Shape shortcut = sequence(residual.shortcut(), in, number + ".shortcut ");
        Check.that(
                body.equals(shortcut),
                "outputs of the body and the shortcut of " + name,
                "of one shape",
                text(body) + " and " + text(shortcut));
        return body;
    }

    private static long channels(String name, Shape in) {
        require(in.dimension() == 3, name, "(channels, height, width)", in, "");
        return in.get(0);
    }

    private static Shape windows(String name, Shape in, long filters, int kernel, int stride, int padding) {
        channels(name, in);
        long height = in.get(1) + 2L * padding;
        long width = in.get(2) + 2L * padding;
        Check.that(
                kernel <= Math.min(height, width),
                "window of " + name,
                "at most " + Math.min(height, width) + ", as its input has the shape " + text(in)
                        + (padding > 0 ? " and a padding of " + padding : ""),
                kernel);
        return new Shape(filters, (height - kernel) / stride + 1, (width - kernel) / stride + 1);
    }

    private static void require(boolean holds, String name, String rule, Shape in, String remedy) {
        if (!holds) {
            throw new IllegalArgumentException("input of " + name + " must be of shape " + rule
                    + " for each example, but was " + text(in) + remedy);
        }
    }

    private static String text(Shape shape) {
        return LongStream.of(shape.getShape()).mapToObj(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
    }
}
