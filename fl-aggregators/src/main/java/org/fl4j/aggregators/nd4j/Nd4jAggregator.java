package org.fl4j.aggregators.nd4j;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.function.Function;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An aggregator written on ND4J, made of a lambda from the round's updates to one delta. No type of DJL is seen by it.
 *
 * <pre>{@code
 * Aggregator mean = new Nd4jAggregator(updates -> updates.stream()
 *         .map(Nd4jAggregator.Update::delta)
 *         .reduce(INDArray::add)
 *         .orElseThrow()
 *         .div(updates.size()));
 * }</pre>
 *
 * <p>Values are copied from one library to the other, so it is for host-side mathematics rather than for speed.
 *
 * @param combine from updates in cohort order, one at least, to a delta of the same length
 */
public record Nd4jAggregator(Function<List<Update>, INDArray> combine) implements Aggregator {
    /** Checks for presence. */
    public Nd4jAggregator {
        Check.present("combine", combine);
    }

    /**
     * What a client sent.
     *
     * @param client who
     * @param exampleCount how many examples it trained on
     * @param delta all floats of the model, trainable ones first: float32, shape (floatCount)
     */
    public record Update(ClientId client, long exampleCount, INDArray delta) {}

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(this::bridged).begin(round, state);
    }

    private ParameterVector bridged(List<ModelUpdate> updates) {
        List<Update> bridged = updates.stream()
                .map(update -> new Update(
                        update.client(),
                        update.exampleCount(),
                        Nd4j.createFromArray(update.delta().floats().toFloatArray())))
                .toList();
        INDArray combined = combine.apply(bridged);
        ParameterVector delta = updates.get(0).delta().copy();
        Check.that(
                combined.length() == delta.layout().floatCount(),
                "length of the combined delta",
                "that of the model, " + delta.layout().floatCount(),
                combined.length());
        float[] values = combined.castTo(DataType.FLOAT).ravel().toFloatVector();
        bridged.stream()
                .map(Update::delta)
                .filter(array -> array != combined && array.closeable())
                .forEach(INDArray::close);
        TensorEngine.prepareThread(); // ND4J sets the number of native threads, which would change rounding
        NDArray floats = delta.floats();
        try (NDArray source = Tensors.create(floats.getManager(), values, floats.getShape())) {
            Kernels.copy(source, floats);
        }
        return delta;
    }
}
