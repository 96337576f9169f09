package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.TrainingProgram;
import org.fl4j.tensor.Kernels;

/** One local training, on either path. */
final class LocalRun {
    private final TrainingTask task;
    private final LocalModel model;
    private final NDArray received;
    private final Optional<NDArray> correction;
    private final ClientExamples examples;
    private final LocalSchedule schedule;
    private final LocalTraining training;
    private final NDArray losses; // of each example when it was used, before the step
    private double[] sums = {0, 0}; // of the losses, and of their squares

    LocalRun(
            TrainingTask task,
            LocalModel model,
            NDArray received,
            Optional<NDArray> correction,
            ClientExamples examples,
            LocalSchedule schedule,
            LocalTraining training) {
        this.task = task;
        this.model = model;
        this.received = received;
        this.correction = correction;
        this.examples = examples;
        this.schedule = schedule;
        this.training = training;
        losses = model.lossBuffer(schedule.rows().length);
    }

    /** Trains in one native call. */
    void compiled(TrainingProgram program) {
        if (schedule.steps() > 0) {
            NDArray rows = model.rowIndices(schedule.rows());
            sums = program.run(
                    new TrainingProgram.Inputs(
                            model, received, correction.orElse(received), examples.source(), rows, losses, rate()),
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
                Examples batch = examples.source().rows(rows, model.manager());
                LocalModel.Gradient result =
                        model.gradient(batch.features(), predictions -> loss.apply(predictions, batch.labels()));
                Kernels.copy(result.losses(), Kernels.narrow(losses, from, count));
                NDArray gradient = result.gradient();
                correction.ifPresent(gradient::addi);
                afterBackward.accept(new LocalStep(task, number, parameters, received, batch, gradient));
                if (training.proximalTerm() > 0) {
                    Kernels.addScaled(gradient, parameters, training.proximalTerm());
                    Kernels.addScaled(gradient, received, -training.proximalTerm());
                }
                training.gradientClip().ifPresent(bound -> clip(gradient, bound));
                stepper.step(parameters, gradient, rate());
            }
        }
        NDArray seen = Kernels.narrow(losses, 0, schedule.rows().length);
        sums = new double[] {seen.sum().getFloat(), seen.square().sum().getFloat()};
    }

    private double rate() {
        return training.rate(task.round());
    }

    private static void clip(NDArray gradient, double bound) {
        double norm = Kernels.norm(gradient);
        if (norm > bound) {
            gradient.muli(bound / norm);
        }
    }

    LocalResult result() {
        int seen = schedule.rows().length;
        if (seen == 0) {
            return LocalResult.of(schedule, rate(), 0, 0, 0);
        }
        int lastBatch = schedule.count(schedule.steps() - 1);
        double ofLastBatch = Kernels.narrow(losses, seen - lastBatch, lastBatch)
                .square()
                .sum()
                .getFloat();
        return LocalResult.of(schedule, rate(), sums[0], sums[1], ofLastBatch);
    }
}
