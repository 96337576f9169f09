package org.fl4j.model;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.internal.LayerForms;
import org.fl4j.tensor.internal.LayerPass;
import org.fl4j.tensor.internal.LayerWriter;

/**
 * A layer as a value. A {@link Network} of layers is a description, not an object graph: FL4J makes a DJL block of it,
 * and a compiled training program. Images are (n, channels, height, width).
 */
public interface Layer {
    /** Makes the DJL block of this layer, which trains on the eager path. */
    Block toBlock();

    /**
     * Returns what this layer makes of an example.
     *
     * @param number the layer's place in the network, for messages, such as 2.1
     * @throws IllegalArgumentException if it does not accept the example; the message names the layer, the rule and the
     *     value
     */
    ExampleForm output(ExampleForm input, String number);

    /** Returns how messages call this layer. */
    default String name(String number) {
        return "layer " + number + " (" + getClass().getSimpleName() + ")";
    }

    /**
     * Writes this layer's compiled form: its forward pass, and afterwards its backward pass. Both give what the block
     * gives, up to rounding. Called for programs that train, and for programs that evaluate, in which {@link
     * LayerWriter#trains} is false: there, and where the layer is frozen, the forward pass is that of evaluation mode.
     *
     * @param out where to; the layer takes its parameters from it in the order in which its block has them
     * @param input the name of what it reads, with the batch
     * @param above whether something before it has parameters to train: if not, nobody needs the input's gradient
     * @return nothing if it has no compiled form, which is the default; its network then trains and evaluates on the
     *     eager path
     */
    default Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
        return Optional.empty();
    }

    /**
     * Returns whether {@link #write} also serves the training of several clients at once, whose batches are
     * (clients, n, ...). By default not; the layer's clients then train one after another.
     */
    default boolean trainsInBlocks() {
        return false;
    }

    /**
     * Returns whether what this layer makes of an example depends on that example alone, whatever else is in the batch.
     * By default not known, and so not.
     */
    default boolean keepsExamplesApart() {
        return false;
    }

    /**
     * Writes the compiled form of layers in a row, for layers that hold others.
     *
     * @param out where to
     * @param input the name of what the first one reads
     * @param above whether something before them has parameters to train
     * @return nothing if one of them has no compiled form
     */
    static Optional<LayerPass> sequence(List<Layer> layers, LayerWriter out, String input, boolean above) {
        return LayerSequence.write(layers, out, input, above);
    }

    /**
     * Returns this layer for a part of the model.
     *
     * @param parameters the trainable parameters of the part; the layer takes as many as its block has
     * @throws IllegalArgumentException if the layer cannot be made smaller, which is the default
     */
    default Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
        throw new IllegalArgumentException("layer of a slice must be one that can be made smaller, but was " + this);
    }

    /**
     * Returns this layer with a name for its output, by which {@linkplain org.fl4j.expression.Expression#output losses}
     * and {@link LocalModel#output} know it. Parameters are named, and drawn, as without it.
     *
     * @param output the name, which no other layer of the network has
     */
    default Layer named(String output) {
        return new NamedLayer(this, output);
    }

    /** Returns this layer with parameters that do not train, drawn from the seed 0. */
    default Layer frozen() {
        return new Frozen(this, 0);
    }

    /**
     * A fully connected layer with bias: (n, inputs) to (n, units).
     *
     * @param units at least 1
     */
    record Dense(int units) implements Layer {
        /** Checks the size. */
        public Dense {
            Check.positive("units", units);
        }

        @Override
        public boolean keepsExamplesApart() {
            return true;
        }

        @Override
        public Block toBlock() {
            return Linear.builder().setUnits(units).build();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.vector(name(number)).with(new Shape(units));
        }

        @Override
        public boolean trainsInBlocks() {
            return true;
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.dense(out, input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            ParameterLayout.Entry weight = parameters.next();
            parameters.next(); // the bias
            return new Dense(Math.toIntExact(weight.shape().get(0)));
        }
    }

    /**
     * A convolution with square kernels.
     *
     * @param filters output channels
     * @param kernel side length
     * @param stride at least 1
     * @param padding zeros on each side
     * @param bias whether each filter adds one
     */
    record Conv2d(int filters, int kernel, int stride, int padding, boolean bias) implements Layer {
        /** Checks the sizes. */
        public Conv2d {
            Check.positive("filters", filters);
            Check.positive("kernel", kernel);
            Check.positive("stride", stride);
            Check.atLeast("padding", 0, padding);
        }

        @Override
        public boolean keepsExamplesApart() {
            return true;
        }

        @Override
        public Block toBlock() {
            return ai.djl.nn.convolutional.Conv2d.builder()
                    .setKernelShape(new Shape(kernel, kernel))
                    .setFilters(filters)
                    .optStride(new Shape(stride, stride))
                    .optPadding(new Shape(padding, padding))
                    .optBias(bias)
                    .build();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.windows(name(number), this);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(
                    LayerForms.convolution(out, new LayerForms.Filters(filters, stride, padding, bias), input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            ParameterLayout.Entry weight = parameters.next();
            if (bias) {
                parameters.next();
            }
            return new Conv2d(Math.toIntExact(weight.shape().get(0)), kernel, stride, padding, bias);
        }
    }

    /**
     * The maximum over square windows that do not overlap.
     *
     * @param size side length and stride
     */
    record MaxPool2d(int size) implements WithoutParameters {
        /** Checks the size. */
        public MaxPool2d {
            Check.positive("size", size);
        }

        @Override
        public Block toBlock() {
            return Pool.maxPool2dBlock(new Shape(size, size), new Shape(size, size));
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.pooled(name(number), size);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.maxPool(out, size, input, above));
        }
    }

    /**
     * The mean over square windows that do not overlap.
     *
     * @param size side length and stride
     */
    record AveragePool2d(int size) implements WithoutParameters {
        /** Checks the size. */
        public AveragePool2d {
            Check.positive("size", size);
        }

        @Override
        public Block toBlock() {
            return Pool.avgPool2dBlock(new Shape(size, size), new Shape(size, size));
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.pooled(name(number), size);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.averagePool(out, size, input, above));
        }
    }

    /** The mean over all positions: (n, channels, height, width) to (n, channels). */
    record GlobalAveragePool2d() implements WithoutParameters {
        @Override
        public Block toBlock() {
            return new SequentialBlock().add(Pool.globalAvgPool2dBlock()).add(Blocks.batchFlattenBlock());
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.with(new Shape(input.channels(name(number))));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.globalAveragePool(out, input, above));
        }
    }

    /** max(0, x). */
    record Relu() implements Elementwise {
        @Override
        public Block toBlock() {
            return Activation.reluBlock();
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.relu(out, input, above));
        }
    }

    /** The hyperbolic tangent. */
    record Tanh() implements Elementwise {
        @Override
        public Block toBlock() {
            return Activation.tanhBlock();
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.tanh(out, input, above));
        }
    }

    /** 1 / (1 + exp(-x)). */
    record Sigmoid() implements Elementwise {
        @Override
        public Block toBlock() {
            return Activation.sigmoidBlock();
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.sigmoid(out, input, above));
        }
    }

    /** x times the standard normal distribution function of x (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
    record Gelu() implements Elementwise {
        @Override
        public Block toBlock() {
            return Activation.geluBlock();
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.gelu(out, input, above));
        }
    }

    /**
     * Row i of a table for each token i: (n, ...) int64 to (n, ..., size).
     *
     * @param vocabulary how many tokens there are, at least 1
     * @param size the length of a row, at least 1
     */
    record Embedding(int vocabulary, int size) implements Layer {
        /** Checks the sizes. */
        public Embedding {
            Check.positive("vocabulary", vocabulary);
            Check.positive("size", size);
        }

        @Override
        public boolean keepsExamplesApart() {
            return true;
        }

        @Override
        public Block toBlock() {
            return new EmbeddingBlock(vocabulary, size);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.embedded(name(number), size);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.embedding(out, vocabulary, input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            ParameterLayout.Entry table = parameters.next();
            return new Embedding(
                    Math.toIntExact(table.shape().get(0)),
                    Math.toIntExact(table.shape().get(1)));
        }
    }

    /** Layer normalisation over all but the first dimension (Ba et al. 2016, arXiv 1607.06450), epsilon 1e-5. */
    record LayerNorm() implements Layer {
        @Override
        public boolean keepsExamplesApart() {
            return true;
        }

        @Override
        public Block toBlock() {
            return ai.djl.nn.norm.LayerNorm.builder().build();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.floats(name(number));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.layerNorm(out, input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            parameters.next(); // scale
            parameters.next(); // shift
            return this;
        }
    }

    /** (n, ...) to (n, product of the rest). */
    record Flatten() implements WithoutParameters {
        @Override
        public Block toBlock() {
            return Blocks.batchFlattenBlock();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.with(new Shape(input.shape().size()));
        }

        @Override
        public boolean trainsInBlocks() {
            return true;
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.flatten(out, input, above));
        }
    }

    /**
     * While training, sets each element to 0 with probability {@code rate} and scales the others by 1 / (1 - rate). The
     * mask is drawn from the client's seed, not from libtorch's global generator.
     *
     * @param rate in [0, 1), a multiple of 1/65536 in effect
     */
    record Dropout(double rate) implements Elementwise {
        /** Checks the rate. */
        public Dropout {
            Check.fraction("rate", rate);
        }

        @Override
        public Block toBlock() {
            return new DropoutBlock(rate);
        }

        /** The clients of a block would need masks of their own. */
        @Override
        public boolean trainsInBlocks() {
            return false;
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(
                    rate == 0
                            ? new LayerPass(input, gradient -> gradient, above)
                            : LayerForms.dropout(out, input, above));
        }
    }

    /**
     * Batch normalisation over all but the channels (Ioffe and Szegedy 2015, arXiv 1502.03167); keeps running
     * statistics with momentum 0.9, epsilon 1e-5.
     *
     * <p>A batch with a single value for each channel, such as the last batch of a client with 21 examples and batches
     * of 10, has no variance. It is normalised by the running statistics, which it leaves as they are.
     */
    record BatchNorm() implements Layer {
        @Override
        public Block toBlock() {
            return new BatchNormBlock();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.floats(name(number));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.batchNorm(out, input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            parameters.next(); // scale
            parameters.next(); // shift
            return this;
        }
    }

    /**
     * Group normalisation (Wu and He 2018, arXiv 1803.08494), epsilon 1e-5: no running statistics.
     *
     * @param groups divides the number of channels
     */
    record GroupNorm(int groups) implements Layer {
        /** Checks the count. */
        public GroupNorm {
            Check.positive("groups", groups);
        }

        @Override
        public boolean keepsExamplesApart() {
            return true;
        }

        @Override
        public Block toBlock() {
            return new GroupNormBlock(groups);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.inGroups(name(number), groups);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(LayerForms.groupNorm(out, groups, input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            parameters.next(); // scale
            parameters.next(); // shift
            return this;
        }
    }

    /**
     * A layer that does not train, and always runs in inference mode: batch normalisation in it goes by its running
     * statistics, and dropout does nothing. Its parameters are {@link org.fl4j.tensor.ParameterRole#FROZEN}: they do
     * not travel.
     *
     * @param layer which, not frozen itself
     * @param seed what its parameters are drawn from, by the task's initializer. Not the run's seed: clients in other
     *     processes draw the same
     */
    record Frozen(Layer layer, long seed) implements Layer {
        /** Checks that it is frozen once. */
        public Frozen {
            Check.that(!(Check.present("layer", layer) instanceof Frozen), "layer to freeze", "not frozen yet", layer);
            Check.that(
                    !(layer instanceof NamedLayer), "layer to freeze", "without a name: name the frozen layer", layer);
        }

        @Override
        public boolean keepsExamplesApart() {
            return layer.keepsExamplesApart();
        }

        @Override
        public Block toBlock() {
            return new FrozenBlock(layer.toBlock(), seed);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return layer.output(input, number);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return layer.write(out.frozen(), input, above);
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            return this;
        }

        @Override
        public Layer frozen() {
            return this;
        }
    }

    /**
     * The sum of two paths.
     *
     * @param body one path
     * @param shortcut the other; empty for the identity
     */
    record Residual(List<Layer> body, List<Layer> shortcut) implements Layer {
        /** Copies both. */
        public Residual {
            body = List.copyOf(body);
            shortcut = List.copyOf(shortcut);
            Check.that(
                    Stream.concat(body.stream(), shortcut.stream()).noneMatch(NamedLayer.class::isInstance),
                    "layers of a residual layer",
                    "without names: name the residual layer",
                    body);
        }

        @Override
        public boolean keepsExamplesApart() {
            return Stream.concat(body.stream(), shortcut.stream()).allMatch(Layer::keepsExamplesApart);
        }

        @Override
        public Block toBlock() {
            Block direct = shortcut.isEmpty() ? Blocks.identityBlock() : Network.block(shortcut);
            return new ParallelBlock(
                    paths -> new NDList(
                            paths.get(0).singletonOrThrow().add(paths.get(1).singletonOrThrow())),
                    List.of(Network.block(body), direct));
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            ExampleForm longer = LayerShapes.sequence(body, input, number + ".");
            return longer.same(name(number), LayerShapes.sequence(shortcut, input, number + ".shortcut "));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            Optional<LayerPass> direct = Layer.sequence(body, out, input, above);
            Optional<LayerPass> beside = Layer.sequence(shortcut, out, input, above);
            return direct.flatMap(left -> beside.map(right -> LayerForms.sum(out, left, right, above)));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            List<Layer> smaller = SlicedNetwork.layers(body, parameters);
            return new Residual(smaller, SlicedNetwork.layers(shortcut, parameters));
        }
    }
}
