package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.fl4j.core.Client;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.data.Examples;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * Trains by mini-batch gradient steps: ClientUpdate of McMahan et al. 2017 (arXiv 1602.05629, algorithm 1), with any
 * {@link ClientOptimizer}. Subclass it and override a hook to do research:
 *
 * <pre>{@code
 * class PullBack extends SgdClient { // the proximal term of FedProx
 *     protected void afterBackward(LocalStep step) {
 *         step.gradient().addi(step.parameters().sub(step.received()).muli(0.01f));
 *     }
 * }
 * }</pre>
 *
 * <p>Arrays made in a hook are freed after the step. Examples are shuffled anew each epoch, from the round's and the
 * client's seed.
 */
public class SgdClient implements Client {
    private final ClientId id;
    private final Worker worker;
    private final LocalTraining training;

    /** Makes a client that trains on the worker. */
    public SgdClient(ClientId id, Worker worker, LocalTraining training) {
        this.id = id;
        this.worker = worker;
        this.training = training;
    }

    @Override
    public final ClientId id() {
        return id;
    }

    /** Hook: called once, when the model is loaded and before the first step. */
    protected void beforeTraining(TrainingTask task, LocalModel model) {}

    /** Hook: returns the scalar to minimise; by default the mean of the task's loss over the batch. */
    protected NDArray loss(NDArray predictions, NDArray labels) {
        return worker.model().task().loss().perExample(predictions, labels).mean();
    }

    /** Hook: called after each backward pass and before gradient clipping and the optimizer's step. */
    protected void afterBackward(LocalStep step) {}

    /** Hook: called once, after the last step and before the update is taken. */
    protected void afterTraining(TrainingTask task, LocalModel model) {}

    @Override
    public final ModelUpdate train(TrainingTask task) {
        LocalModel model = worker.model();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ParameterVector received = task.model().on(worker.device());
            model.load(received);
            model.seed(task.round().seed("dropout", id));
            Examples examples = worker.data().examples(id, worker.device(), model.manager());
            beforeTraining(task, model);
            Progress progress = new Progress(task, model, received.trainable());
            trainOn(examples, progress);
            afterTraining(task, model);
            ParameterVector delta = model.parameters().minus(received, worker.updates());
            delta.keep(worker.updates());
            return new ModelUpdate(
                    id, task.modelVersion(), examples.count(), progress.steps, delta, progress.metrics());
        }
    }

    private void trainOn(Examples examples, Progress progress) {
        int count = examples.count();
        int batch = Math.min(training.batchSize(), Math.max(count, 1));
        int stepsPerEpoch = (count + batch - 1) / batch;
        int total = count == 0 ? 0 : training.steps().orElse(Math.multiplyExact(stepsPerEpoch, training.epochs()));
        Seed shuffle = progress.task.round().seed("shuffle", id);
        for (int epoch = 0; progress.steps < total; epoch++) {
            int[] order = Sampling.permutation(count, shuffle.derive(epoch).generator());
            try (Examples shuffled = examples.rows(order, progress.model.manager())) {
                for (int from = 0; from < count && progress.steps < total; from += batch) {
                    step(shuffled.slice(from, Math.min(batch, count - from)), progress);
                }
            }
        }
    }

    private void step(Examples batch, Progress progress) {
        try (batch;
                NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            LocalModel.Gradient result =
                    progress.model.gradient(batch.features(), predictions -> loss(predictions, batch.labels()));
            NDArray gradient = result.gradient();
            afterBackward(
                    new LocalStep(progress.task, progress.steps, progress.parameters, progress.received, gradient));
            training.gradientClip().ifPresent(bound -> clip(gradient, bound));
            progress.stepper.step(progress.parameters, gradient, progress.learningRate);
            progress.count(result.loss(), batch.count());
        }
    }

    private static void clip(NDArray gradient, double bound) {
        double norm = Kernels.norm(gradient);
        if (norm > bound) {
            gradient.muli(bound / norm);
        }
    }

    /** Evaluates the received model on this client's evaluation data: {@code client/loss}, {@code client/accuracy}. */
    @Override
    public Metrics evaluate(TrainingTask task) {
        LocalModel model = worker.model();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            model.load(task.model());
            return model.evaluate(worker.evaluationData().examples(id, worker.device(), model.manager()), "client");
        }
    }

    /** What changes while a client trains. */
    private final class Progress {
        final TrainingTask task;
        final LocalModel model;
        final NDArray parameters;
        final NDArray received;
        final ClientOptimizer.Stepper stepper;
        final double learningRate;
        final NDArray lossSum;
        int steps;
        long seen;

        Progress(TrainingTask task, LocalModel model, NDArray received) {
            this.task = task;
            this.model = model;
            this.received = received;
            parameters = model.parameters().trainable();
            stepper = training.optimizer().start(parameters);
            learningRate = training.learningRate().at(task.round().number());
            lossSum = model.manager().zeros(new Shape(), DataType.FLOAT32);
        }

        void count(NDArray meanLoss, int examples) {
            Kernels.addScaled(lossSum, meanLoss, examples);
            steps++;
            seen += examples;
        }

        Metrics metrics() {
            return seen == 0 ? Metrics.none() : Metrics.of("train/loss", lossSum.getFloat(), (double) seen);
        }
    }
}
