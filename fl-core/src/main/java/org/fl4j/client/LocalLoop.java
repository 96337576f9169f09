package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.fl4j.data.ClientExamples;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.LossTensors;
import org.fl4j.model.TrainingProgram;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Tensors;

/**
 * One local training: its batches in their order, and what makes a step of a gradient, which is the correction, the
 * hook, the proximal term, clipping and the optimizer. A client with a training procedure of its own gets one from
 * {@link SgdClient#loop} and says how to compute the gradient of a batch:
 *
 * <pre>{@code
 * class OwnGradients extends SgdClient {
 *     OwnGradients(ClientId id, Worker worker, LocalTraining training) {
 *         super(id, worker, training);
 *     }
 *
 *     protected LocalResult optimize(TrainingTask task, LocalModel model, ParameterVector received) {
 *         LocalLoop loop = loop(task, training(), anchor(received), "");
 *         loop.run(batch -> model.gradient(batch.features(), predictions -> losses(predictions, batch)));
 *         return loop.result();
 *     }
 * }
 * }</pre>
 */
public final class LocalLoop {
    private final TrainingTask task;
    private final LocalModel model;
    private final ClientExamples examples;
    private final LocalSchedule schedule;
    private final LocalTraining training;
    private final Own own;
    private final NDArray losses; // of each example when it was used, before the step
    private double[] sums = {0, 0}; // of the losses, and of their squares
    private double lastSquares; // of the losses of the last batch
    private int taken; // steps
    private boolean running;

    /**
     * What a training has of its own, beside what all clients have: above all what is added to each gradient.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param received what a proximal term pulls to
     * @param correction the same for all steps of this training
     * @param term as an expression
     * @param tensors what the term and the loss read
     * @param hook called last
     * @param purpose tells the order of examples of this training from others'
     */
    record Own(
            NDArray received,
            Optional<NDArray> correction,
            Optional<Expression> term,
            LossTensors tensors,
            Consumer<LocalStep> hook,
            String purpose) {}

    LocalLoop(TrainingTask task, LocalModel model, ClientExamples examples, LocalTraining training, Own own) {
        this.task = task;
        this.model = model;
        this.examples = examples;
        this.training = training;
        this.own = own;
        schedule = LocalSchedule.of(training, examples, task.seed(SgdClient.SHUFFLE + own.purpose()));
        losses = model.lossBuffer(schedule.rows().length);
    }

    /** Returns whether something is added to every gradient. */
    boolean corrects() {
        return own.correction().isPresent();
    }

    /**
     * Takes all steps, as fast as it can be done.
     *
     * @param program computes gradients if there are hooks, and otherwise trains; if there is none, autograd does it
     * @param autograd computes the gradient of a batch
     */
    void train(Optional<TrainingProgram> program, boolean hooks, Function<LocalBatch, LocalModel.Gradient> autograd) {
        if (program.isEmpty()) {
            run(autograd);
        } else if (hooks) {
            byGradients(program.get());
        } else {
            compiled(program.get());
        }
    }

    /** Trains in one native call. */
    private void compiled(TrainingProgram program) {
        if (schedule.steps() > 0) {
            sums = program.run(inputs(), schedule.starts());
            measureLastBatch();
        }
        taken = schedule.steps();
    }

    private TrainingProgram.Inputs inputs() {
        LossTensors tensors = own.tensors();
        NDArray rows = model.rowIndices(schedule.rows());
        NDArray positions = tensors.byName().isEmpty() ? rows : Tensors.indices(model.manager(), schedule.positions());
        return new TrainingProgram.Inputs(
                model,
                own.received(),
                own.correction().orElse(own.received()),
                examples.source(),
                rows,
                positions.toDevice(model.device(), /* copy= */ false),
                tensors,
                losses,
                rate());
    }

    /** Trains step by step, along gradients that a program computes. */
    private void byGradients(TrainingProgram program) {
        if (schedule.steps() > 0) {
            TrainingProgram.Inputs inputs = inputs();
            NDArray gradient = own.received().zerosLike();
            each(batch -> {
                int from = (int) schedule.starts()[batch.step()];
                program.gradient(inputs, gradient, from, from + batch.count());
                return gradient;
            });
        }
    }

    /**
     * Takes all steps, along the gradients that a function computes for their batches at the local parameters. What it
     * returns is read before the next call, and may be changed.
     */
    public void run(Function<LocalBatch, LocalModel.Gradient> gradients) {
        each(batch -> {
            LocalModel.Gradient result = gradients.apply(batch);
            int from = (int) schedule.starts()[batch.step()];
            Kernels.copy(result.losses(), Kernels.narrow(losses, from, batch.count()));
            return result.gradient();
        });
    }

    private void each(Function<LocalBatch, NDArray> gradients) {
        NDArray parameters = model.parameters().trainable();
        NDArray received = own.received();
        ClientOptimizer.Stepper stepper = training.optimizer().start(parameters);
        running = true;
        for (; taken < schedule.steps(); taken++) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                LocalBatch batch = batch(taken);
                NDArray gradient = gradients.apply(batch);
                own.correction().ifPresent(gradient::addi);
                own.term().ifPresent(term -> gradient.addi(own.tensors().term(term, parameters, received)));
                own.hook().accept(new LocalStep(task, parameters, received, batch, gradient));
                if (training.proximalTerm() > 0) {
                    Kernels.addScaled(gradient, parameters, training.proximalTerm());
                    Kernels.addScaled(gradient, received, -training.proximalTerm());
                }
                training.gradientClip().ifPresent(bound -> clip(gradient, bound));
                stepper.step(parameters, gradient, rate());
            }
        }
        running = false;
        NDArray seen = Kernels.narrow(losses, 0, schedule.rows().length);
        sums = new double[] {seen.sum().getFloat(), seen.square().sum().getFloat()};
        if (taken > 0) {
            measureLastBatch();
        }
    }

    private void measureLastBatch() {
        int count = schedule.count(schedule.steps() - 1);
        lastSquares = Kernels.narrow(losses, schedule.rows().length - count, count)
                .square()
                .sum()
                .getFloat();
    }

    /** Refuses another training in one of the steps of this one, which has memory in use. */
    void requireEnded(ClientId client) {
        if (running) {
            throw new IllegalStateException("training of " + client + " must begin when the one before has ended,"
                    + " but began in one of its steps");
        }
    }

    private LocalBatch batch(int step) {
        int from = (int) schedule.starts()[step];
        int[] positions = Arrays.copyOfRange(schedule.positions(), from, from + schedule.count(step));
        return new LocalBatch(step, examples, positions, model.manager());
    }

    /** Returns how many steps were taken so far. */
    public int stepsTaken() {
        return taken;
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

    /** Returns what the training came to, when all steps were taken. */
    public LocalResult result() {
        return LocalResult.of(schedule, rate(), sums[0], sums[1], lastSquares);
    }
}
