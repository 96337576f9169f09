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
import java.util.List;
import org.fl4j.internal.Check;

/**
 * A layer as a value. A {@link Network} of layers is a description, not an object graph: FL4J makes a DJL block of it, and
 * a compiled training program. Images are (n, channels, height, width).
 */
public sealed interface Layer {
    /** Makes the DJL block of this layer. */
    Block toBlock();

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
        public Block toBlock() {
            return Linear.builder().setUnits(units).build();
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
        public Block toBlock() {
            return ai.djl.nn.convolutional.Conv2d.builder()
                    .setKernelShape(new Shape(kernel, kernel))
                    .setFilters(filters)
                    .optStride(new Shape(stride, stride))
                    .optPadding(new Shape(padding, padding))
                    .optBias(bias)
                    .build();
        }
    }

    /**
     * The maximum over square windows that do not overlap.
     *
     * @param size side length and stride
     */
    record MaxPool2d(int size) implements Layer {
        /** Checks the size. */
        public MaxPool2d {
            Check.positive("size", size);
        }

        @Override
        public Block toBlock() {
            return Pool.maxPool2dBlock(new Shape(size, size), new Shape(size, size));
        }
    }

    /**
     * The mean over square windows that do not overlap.
     *
     * @param size side length and stride
     */
    record AveragePool2d(int size) implements Layer {
        /** Checks the size. */
        public AveragePool2d {
            Check.positive("size", size);
        }

        @Override
        public Block toBlock() {
            return Pool.avgPool2dBlock(new Shape(size, size), new Shape(size, size));
        }
    }

    /** The mean over all positions: (n, channels, height, width) to (n, channels). */
    record GlobalAveragePool2d() implements Layer {
        @Override
        public Block toBlock() {
            return new SequentialBlock().add(Pool.globalAvgPool2dBlock()).add(Blocks.batchFlattenBlock());
        }
    }

    /** max(0, x). */
    record Relu() implements Layer {
        @Override
        public Block toBlock() {
            return Activation.reluBlock();
        }
    }

    /** The hyperbolic tangent. */
    record Tanh() implements Layer {
        @Override
        public Block toBlock() {
            return Activation.tanhBlock();
        }
    }

    /** 1 / (1 + exp(-x)). */
    record Sigmoid() implements Layer {
        @Override
        public Block toBlock() {
            return Activation.sigmoidBlock();
        }
    }

    /** x times the standard normal distribution function of x (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
    record Gelu() implements Layer {
        @Override
        public Block toBlock() {
            return Activation.geluBlock();
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
        public Block toBlock() {
            return new EmbeddingBlock(vocabulary, size);
        }
    }

    /** Layer normalisation over all but the first dimension (Ba et al. 2016, arXiv 1607.06450), epsilon 1e-5. */
    record LayerNorm() implements Layer {
        @Override
        public Block toBlock() {
            return ai.djl.nn.norm.LayerNorm.builder().build();
        }
    }

    /** (n, ...) to (n, product of the rest). */
    record Flatten() implements Layer {
        @Override
        public Block toBlock() {
            return Blocks.batchFlattenBlock();
        }
    }

    /**
     * While training, sets each element to 0 with probability {@code rate} and scales the others by 1 / (1 - rate). The
     * mask is drawn from the client's seed, not from libtorch's global generator.
     *
     * @param rate in [0, 1), a multiple of 1/65536 in effect
     */
    record Dropout(double rate) implements Layer {
        /** Checks the rate. */
        public Dropout {
            Check.fraction("rate", rate);
        }

        @Override
        public Block toBlock() {
            return new DropoutBlock(rate);
        }
    }

    /**
     * Batch normalisation over all but the channels (Ioffe and Szegedy 2015, arXiv 1502.03167); keeps running statistics with momentum 0.9,
     * epsilon 1e-5.
     *
     * <p>A batch with a single value for each channel, such as the last batch of a client with 21 examples and batches of 10, has no
     * variance. It is normalised by the running statistics, which it leaves as they are.
     */
    record BatchNorm() implements Layer {
        @Override
        public Block toBlock() {
            return new BatchNormBlock();
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
        public Block toBlock() {
            return new GroupNormBlock(groups);
        }
    }

    /**
     * A layer that does not train, and always runs in inference mode: batch normalisation in it goes by its running
     * statistics, and dropout does nothing. Its parameters are {@link org.fl4j.tensor.ParameterRole#FROZEN}: they do not
     * travel.
     *
     * @param layer which, not frozen itself
     * @param seed what its parameters are drawn from, by the task's initializer. Not the run's seed: clients in other
     *     processes draw the same
     */
    record Frozen(Layer layer, long seed) implements Layer {
        /** Checks that it is frozen once. */
        public Frozen {
            Check.that(!(Check.present("layer", layer) instanceof Frozen), "layer to freeze", "not frozen yet", layer);
        }

        @Override
        public Block toBlock() {
            return new FrozenBlock(layer.toBlock(), seed);
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
        }

        @Override
        public Block toBlock() {
            Block direct = shortcut.isEmpty() ? Blocks.identityBlock() : Network.block(shortcut);
            return new ParallelBlock(
                    paths -> new NDList(
                            paths.get(0).singletonOrThrow().add(paths.get(1).singletonOrThrow())),
                    List.of(Network.block(body), direct));
        }
    }
}
