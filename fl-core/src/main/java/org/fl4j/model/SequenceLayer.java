package org.fl4j.model;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.internal.AttentionForms;
import org.fl4j.tensor.internal.LayerPass;
import org.fl4j.tensor.internal.LayerWriter;
import org.fl4j.tensor.internal.RecurrentForms;
import org.fl4j.tensor.internal.SequenceForms;

/**
 * Layers for sequences: an example is (positions, features), as {@link Layer.Embedding} makes it of tokens. Weights are
 * drawn by the task's initializer; their shapes and order are PyTorch's, so that weights of PyTorch can be loaded.
 */
public interface SequenceLayer extends Layer {
    /**
     * Layers that are applied to each position by itself, with the same parameters: (n, positions, features) to (n,
     * positions, ...). In it, {@link Layer.LayerNorm} normalises the features of each position. Dropout does not belong
     * in it, but before or after it.
     *
     * @param layers at least one
     */
    record TimeDistributed(List<Layer> layers) implements SequenceLayer {
        /** Copies the list. */
        public TimeDistributed {
            layers = List.copyOf(layers);
            Check.that(!layers.isEmpty(), "layers", "at least one", layers);
            Check.that(
                    layers.stream().noneMatch(NamedLayer.class::isInstance),
                    "layers for each position",
                    "without names: name what holds them",
                    layers);
        }

        /** Applies these layers one after another. */
        public TimeDistributed(Layer... layers) {
            this(List.of(layers));
        }

        @Override
        public Block toBlock() {
            return new SequenceBlocks.EachPosition(Network.block(layers));
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            long positions = input.positions(name(number));
            ExampleForm one =
                    LayerShapes.sequence(layers, new ExampleForm(input.shape().slice(1), input.type()), number + ".");
            return input.with(new Shape(positions).addAll(one.shape())).after(positions * one.largest());
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return SequenceForms.eachPosition(out, rows -> Layer.sequence(layers, out, rows, above), input, above);
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            return new TimeDistributed(SlicedNetwork.layers(layers, parameters));
        }
    }

    /** The features of the last position: (n, positions, features) to (n, features). */
    record LastPosition() implements SequenceLayer, WithoutParameters {
        @Override
        public Block toBlock() {
            return SequenceBlocks.lastPosition();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            input.positions(name(number));
            return input.with(input.shape().slice(1));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(SequenceForms.lastPosition(out, input, above));
        }
    }

    /** Adds a vector to each position, which is learned: one for each position of the input. */
    record PositionalEmbedding() implements SequenceLayer {
        @Override
        public Block toBlock() {
            return new SequenceBlocks.Positions();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            input.positions(name(number));
            return input;
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(SequenceForms.positionalEmbedding(out, input, above));
        }
    }

    /**
     * A layer of long short-term memory (Hochreiter and Schmidhuber 1997), from zeros: (n, positions, features) to (n,
     * positions, units). Put {@link LastPosition} behind it for its last state. Parameters are PyTorch's: weights of
     * the input (4 units, features) and of the state (4 units, units), and a bias of each (4 units), gates in the order
     * input, forget, cell, output.
     *
     * @param units at least 1
     */
    record Lstm(int units) implements SequenceLayer {
        /** Checks the size. */
        public Lstm {
            Check.positive("units", units);
        }

        @Override
        public Block toBlock() {
            return new SequenceBlocks.Recurrent(units, 4);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            long positions = input.positions(name(number));
            return input.with(new Shape(positions, units)).after(4L * units * positions);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(RecurrentForms.lstm(out, units, input, above));
        }
    }

    /**
     * A layer of gated recurrent units (Cho et al. 2014, arXiv 1406.1078), from zeros: (n, positions, features) to (n,
     * positions, units). Parameters are PyTorch's: weights of the input (3 units, features) and of the state (3 units,
     * units), and a bias of each (3 units), gates in the order reset, update, new; the reset gate acts behind the
     * state's weights.
     *
     * @param units at least 1
     */
    record Gru(int units) implements SequenceLayer {
        /** Checks the size. */
        public Gru {
            Check.positive("units", units);
        }

        @Override
        public Block toBlock() {
            return new SequenceBlocks.Recurrent(units, 3);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            long positions = input.positions(name(number));
            return input.with(new Shape(positions, units)).after(3L * units * positions);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(RecurrentForms.gru(out, units, input, above));
        }
    }

    /**
     * Multi-head self-attention (Vaswani et al. 2017, arXiv 1706.03762): (n, positions, features) to the same.
     * Parameters are those of PyTorch's {@code MultiheadAttention}: weight (3 features, features) and bias (3 features)
     * of queries, keys and values, then weight (features, features) and bias (features) of the output.
     *
     * @param heads divides the number of features
     * @param causal whether a position attends to itself and those before it alone
     * @param rotary whether queries and keys are rotated by their positions (Su et al. 2021, arXiv 2104.09864), base
     *     10,000, the two halves of a head's features making pairs; then the features of a head must be even
     */
    record SelfAttention(int heads, boolean causal, boolean rotary) implements SequenceLayer {
        /** Checks the count. */
        public SelfAttention {
            Check.positive("heads", heads);
        }

        /** Attends to all positions. */
        public SelfAttention(int heads) {
            this(heads, /* causal= */ false, /* rotary= */ false);
        }

        /** Returns attention of each position to itself and those before it, as language models have it. */
        public static SelfAttention causal(int heads) {
            return new SelfAttention(heads, /* causal= */ true, /* rotary= */ false);
        }

        /** Returns the same with rotary positions. */
        public SelfAttention withRotaryPositions() {
            return new SelfAttention(heads, causal, /* rotary= */ true);
        }

        @Override
        public Block toBlock() {
            return new SequenceBlocks.Attention(this);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            long positions = input.positions(name(number));
            long features = input.shape().get(1);
            Check.that(
                    features % heads == 0 && (!rotary || features / heads % 2 == 0),
                    "heads of " + name(number),
                    "a divisor of its " + features + " features"
                            + (rotary ? ", with an even number of features for each" : ""),
                    heads);
            return input.after(3 * features * positions).after(heads * positions * positions);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(
                    AttentionForms.selfAttention(out, new AttentionForms.Heads(heads, causal, rotary), input, above));
        }
    }

    /**
     * Root mean square normalisation over the last dimension (Zhang and Sennrich 2019, arXiv 1910.07467), epsilon 1e-5,
     * with a scale and no shift.
     */
    record RmsNorm() implements SequenceLayer {
        @Override
        public Block toBlock() {
            return new SequenceBlocks.RootMeanSquare();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.floats(name(number));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(SequenceForms.rmsNorm(out, input, above));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            parameters.next(); // scale
            return this;
        }
    }

    /**
     * The gated feed-forward layer of Shazeer 2020 (arXiv 2002.05202) without biases: {@code (silu(x G^T) * (x U^T))
     * D^T}, of vectors (n, features), so that sequences have it in a {@link TimeDistributed}. Parameters are G and U,
     * one below the other (2 hidden, features), and D (features, hidden).
     *
     * @param hidden at least 1
     */
    record SwiGlu(int hidden) implements SequenceLayer {
        /** Checks the size. */
        public SwiGlu {
            Check.positive("hidden", hidden);
        }

        @Override
        public Block toBlock() {
            return new SequenceBlocks.Gated(hidden);
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.vector(name(number)).after(2L * hidden);
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            return Optional.of(SequenceForms.swiGlu(out, hidden, input, above));
        }
    }
}
