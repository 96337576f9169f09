package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.fl4j.tensor.internal.PredictionSource;
import org.fl4j.tensor.internal.TorchScript;

/**
 * The forward pass of a network in evaluation mode as one generated TorchScript program. Predictions agree with the
 * eager path but for rounding. Stateless; any number of threads may run it.
 */
final class PredictionProgram {
    private final TorchScript script;
    private final Shape output; // of an example

    private PredictionProgram(TorchScript script, Shape output) {
        this.script = script;
        this.output = output;
    }

    /** Writes and compiles the program, if the model is a {@link Network} whose layers have compiled forms. */
    static Optional<PredictionProgram> of(FederatedModel model, boolean onCpu) {
        LearningTask task = model.task();
        if (!(task.architecture() instanceof Network network)) {
            return Optional.empty();
        }
        PredictionSource program = new PredictionSource(TrainingProgram.views(model.layout()));
        return (onCpu ? program.forCpu() : program)
                .write(out -> Layer.sequence(network.layers(), out, "features", /* above= */ false))
                .map(source -> new PredictionProgram(
                        TorchScript.compile(model.manager(), source),
                        EvaluationBatch.output(task).orElseThrow().shape()));
    }

    /** Returns predictions, (n, ...) for features of (n, ...). */
    NDArray predict(LocalModel model, NDArray features) {
        Shape shape = new Shape(features.getShape().get(0)).addAll(output);
        NDArray predictions = model.manager().create(shape, DataType.FLOAT32);
        script.run("predict", model.parameters().floats(), model.frozen(), features, predictions);
        return predictions;
    }
}
