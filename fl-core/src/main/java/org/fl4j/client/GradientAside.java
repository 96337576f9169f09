package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import java.util.function.Function;
import org.fl4j.model.LocalModel;
import org.fl4j.model.LossTensors;
import org.fl4j.model.TrainingProgram;
import org.fl4j.tensor.ParameterVector;

/** The gradient of some of a client's examples, outside of the steps of its training. */
final class GradientAside {
    private GradientAside() {}

    /**
     * Computes it in training mode, in an array of the open scope; running statistics and other buffers stay as they
     * are.
     *
     * @param program computes it, if there is one
     * @param autograd computes it otherwise
     */
    static NDArray of(
            LocalModel model,
            Optional<TrainingProgram> program,
            LocalBatch batch,
            LossTensors tensors,
            Function<LocalBatch, LocalModel.Gradient> autograd) {
        ParameterVector parameters = model.parameters();
        ParameterVector before = parameters.layout().hasBuffers() ? parameters.copy() : parameters;
        NDArray gradient = program.map(known -> compiled(known, model, batch, tensors))
                .orElseGet(() -> autograd.apply(batch).gradient());
        if (before != parameters) {
            parameters.setInPlace(before);
        }
        return gradient;
    }

    private static NDArray compiled(TrainingProgram program, LocalModel model, LocalBatch batch, LossTensors tensors) {
        NDArray parameters = model.parameters().trainable();
        NDArray gradient = parameters.zerosLike();
        program.gradient(
                new TrainingProgram.Inputs(
                        model,
                        parameters,
                        parameters,
                        batch.source(),
                        batch.rowIndices(),
                        batch.positionIndices(),
                        tensors,
                        model.manager().create(new Shape(batch.count()), DataType.FLOAT32),
                        /* rate= */ 0),
                gradient,
                0,
                batch.count());
        return gradient;
    }
}
