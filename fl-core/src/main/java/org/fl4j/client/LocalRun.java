package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import org.fl4j.core.TrainingTask;
import org.fl4j.data.Examples;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.model.TrainingProgram;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Tensors;

/** One local training, on either path. */
final class LocalRun {
    private final TrainingTask task;
    private final LocalModel model;
    private final NDArray received;
    private final Examples examples;
    private final LocalSchedule schedule;
    private final LocalTraining training;
    private final NDArray losses; // of each example when it was used, before the step

    LocalRun(
            TrainingTask task,
            LocalModel model,
            NDArray received,
            Examples examples,
            LocalSchedule schedule,
            LocalTraining training) {
        this.task = task;
        this.model = model;
        this.received = received;
        this.examples = examples;
        this.schedule = schedule;
        this.training = training;
        losses = model.manager().create(new Shape(schedule.rows().length), DataType.FLOAT32);
    }

    /** Trains in one native call. */
    void compiled(TrainingProgram program) {
        if (schedule.steps() > 0) {
            NDArray rows = Tensors.indices(model.manager(), schedule.rows()).toDevice(model.device(), false);
            program.run(
                    new TrainingProgram.Run(
                            model, received, examples.features(), examples.labels(), rows, losses, rate()),
                    schedule.starts());
        }
    }

    /** Trains step by step, through autograd and the hooks. */
    void eager(BinaryOperator<NDArray> loss, Consumer<LocalStep> afterBackward) {
        NDArray parameters = model.parameters().trainable();
        ClientOptimizer.Stepper stepper = training.optimizer().start(parameters);
        for (int number = 0; number < schedule.steps(); number++) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                int from = (int) schedule.starts()[number];
                int count = (int) schedule.starts()[number + 1] - from;
                int[] rows = Arrays.copyOfRange(schedule.rows(), from, from + count);
                Examples batch = examples.rows(rows, model.manager());
                LocalModel.Gradient result =
                        model.gradient(batch.features(), predictions -> loss.apply(predictions, batch.labels()));
                Kernels.copy(result.losses(), Kernels.narrow(losses, from, count));
                NDArray gradient = result.gradient();
                afterBackward.accept(new LocalStep(task, number, parameters, received, gradient));
                if (training.proximalTerm() > 0) {
                    Kernels.addScaled(gradient, parameters, training.proximalTerm());
                    Kernels.addScaled(gradient, received, -training.proximalTerm());
                }
                training.gradientClip().ifPresent(bound -> clip(gradient, bound));
                stepper.step(parameters, gradient, rate());
            }
        }
    }

    private double rate() {
        return training.learningRate().at(task.round().number());
    }

    private static void clip(NDArray gradient, double bound) {
        double norm = Kernels.norm(gradient);
        if (norm > bound) {
            gradient.muli(bound / norm);
        }
    }

    Metrics metrics() {
        int seen = schedule.rows().length;
        if (seen == 0) {
            return Metrics.none();
        }
        return Metrics.of("train/loss", losses.sum().getFloat(), seen)
                .merge(Metrics.of("train/squared loss", losses.square().sum().getFloat(), seen));
    }
}
