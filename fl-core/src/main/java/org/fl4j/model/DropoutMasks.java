package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.tensor.Tensors;

/** The masks of a network's dropout layers: elements are 0 or 1 / (1 - rate), drawn from the client's generator. */
final class DropoutMasks {
    /** Elements made at a time: bounds the memory that a long local training needs for them. */
    private static final long MOST_ELEMENTS = 4_000_000;

    private final List<Mask> masks;

    /** One layer's mask for one example. */
    private record Mask(Shape example, double rate) {
        long size() {
            return example.size();
        }
    }

    private DropoutMasks(List<Mask> masks) {
        this.masks = masks;
    }

    /** Finds the dropout layers in a row, in the order of the forward pass. */
    static DropoutMasks of(List<Layer> layers, Shape inputShape) {
        List<Mask> masks = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            if (NamedLayer.bare(layers.get(i)) instanceof Layer.Dropout dropout && dropout.rate() > 0) {
                List<Layer> before = layers.subList(0, i);
                Shape shape = LayerShapes.trace(before, inputShape, LayerShapes.inputType(layers))
                        .shape();
                masks.add(new Mask(shape, dropout.rate()));
            }
        }
        return new DropoutMasks(masks);
    }

    /** Returns whether a layer that holds others holds a dropout layer, which {@link #of} does not find. */
    static boolean areNested(List<Layer> layers) {
        return layers.stream()
                .map(NamedLayer::bare)
                .flatMap(DropoutMasks::paths)
                .anyMatch(path -> path.stream().anyMatch(Layer.Dropout.class::isInstance) || areNested(path));
    }

    private static Stream<List<Layer>> paths(Layer layer) {
        if (layer instanceof Layer.Residual residual) {
            return Stream.of(residual.body(), residual.shortcut());
        }
        return layer instanceof SequenceLayer.TimeDistributed each ? Stream.of(each.layers()) : Stream.empty();
    }

    /** Returns for how many of the steps masks are drawn at a time. */
    int stepsAtOnce(long... starts) {
        if (masks.isEmpty()) {
            return starts.length;
        }
        long perExample = masks.stream().mapToLong(Mask::size).sum();
        long perStep = perExample * Math.max(1, starts[1] - starts[0]);
        return (int) Math.max(1, MOST_ELEMENTS / perStep);
    }

    /** Draws the masks of some steps in the order in which the eager path draws them. */
    NDList draw(LocalModel model, long... starts) {
        if (masks.isEmpty()) {
            return new NDList();
        }
        int rows = (int) (starts[starts.length - 1] - starts[0]);
        List<float[]> values = new ArrayList<>();
        masks.forEach(mask -> values.add(new float[Math.toIntExact(rows * mask.size())]));
        RandomGenerator random = model.dropoutGenerator();
        for (int s = 0; s + 1 < starts.length; s++) {
            for (int m = 0; m < masks.size(); m++) {
                long size = masks.get(m).size();
                int from = (int) ((starts[s] - starts[0]) * size);
                int to = (int) ((starts[s + 1] - starts[0]) * size);
                fill(values.get(m), from, to, masks.get(m).rate(), random);
            }
        }
        NDList drawn = new NDList();
        for (int m = 0; m < masks.size(); m++) {
            Shape shape = new Shape(rows).addAll(masks.get(m).example());
            drawn.add(Tensors.create(model.manager(), values.get(m), shape));
        }
        return drawn;
    }

    /** Draws one mask of a shape. */
    static NDArray draw(LocalModel model, Shape shape, double rate) {
        float[] mask = new float[Math.toIntExact(shape.size())];
        fill(mask, 0, mask.length, rate, model.dropoutGenerator());
        return Tensors.create(model.manager(), mask, shape);
    }

    /** Draws elements of a mask from 16 random bits each. */
    private static void fill(float[] mask, int from, int to, double rate, RandomGenerator random) {
        float kept = (float) (1 / (1 - rate));
        long threshold = Math.round(rate * 65536);
        long bits = 0;
        for (int i = from; i < to; i++) {
            bits = (i - from) % 4 == 0 ? random.nextLong() : bits >>> 16;
            mask[i] = (bits & 0xFFFF) < threshold ? 0 : kept;
        }
    }
}
