package org.fl4j.privacy.local;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalResult;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.ClippedGradients;
import org.fl4j.model.LocalModel;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.random.Sampling;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/** Trains by {@link DpSgd}. */
final class DpSgdClient extends SgdClient {
    private final DpSgd dp;

    DpSgdClient(ClientId id, Worker worker, LocalTraining training, DpSgd dp) {
        super(id, worker, training);
        this.dp = dp;
    }

    @Override
    protected LocalResult optimize(TrainingTask task, LocalModel model, ParameterVector received) {
        Noise.requireNoBuffers(received.layout());
        Check.that(
                task.settings().isEmpty(),
                "settings of a task under DP-SGD",
                "none, for batches and steps are accounted for",
                task.settings());
        model.seed(task.seed("dropout"));
        RandomGenerator coins = task.seed("example sampling").generator();
        RandomGenerator noise = dp.noise().generator(task.seed("DP-SGD noise"));
        ClientExamples examples = examples();
        NDArray parameters = model.parameters().trainable();
        ClientOptimizer.Stepper stepper = training().optimizer().start(parameters);
        double rate = training().learningRate().at(task.round());
        double deviation = dp.noiseMultiplier() * dp.clippingBound();
        double factor = 1 / (dp.rate() * examples.count());
        int count = Math.toIntExact(parameters.size());
        Metrics metrics = Metrics.none();
        int steps = examples.count() == 0 ? 0 : dp.steps();
        for (int step = 0; step < steps; step++) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                int[] rows = IntStream.of(Sampling.poisson(examples.count(), dp.rate(), coins))
                        .map(examples::row)
                        .toArray();
                NDArray gradient = Noise.gaussian(count, deviation * factor, noise, model.sharedFloats());
                metrics = metrics.merge(addClipped(gradient, examples.source(), rows, factor));
                stepper.step(parameters, gradient, rate);
            }
        }
        Facts facts = Facts.of(TrainingFacts.LEARNING_RATE, rate)
                .with(PrivacyFacts.NOISE_SCALE, deviation)
                .with(PrivacyFacts.GAUSSIAN_MULTIPLIER, dp.noiseMultiplier())
                .with(PrivacyFacts.RELEASE_EPSILON, dp.ledger().cost(dp.ledger().next(id(), task.round())));
        return new LocalResult(steps, metrics, facts);
    }

    /** Adds clipped gradients times a factor; examples whose gradient is not finite count as none. */
    private Metrics addClipped(NDArray sum, Examples source, int[] rows, double factor) {
        Optional<ClippedGradients> program = worker().model().clippedGradients();
        if (program.isPresent()) {
            ClippedGradients.Clip clip = new ClippedGradients.Clip(dp.clippingBound(), factor);
            ClippedGradients.Result result = program.get().add(worker().model(), source, rows, clip, sum);
            return told(result.losses(), result.norms());
        }
        NDArray clipped = sum.zerosLike();
        float[] losses = new float[rows.length];
        float[] norms = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                LocalModel model = worker().model();
                Examples one = source.rows(new int[] {rows[i]}, model.manager());
                LocalModel.Gradient result = model.gradient(
                        one.features(), predictions -> model.task().loss().perExample(predictions, one.labels()));
                norms[i] = (float) NormClipping.addClipped(clipped, result.gradient(), dp.clippingBound());
                losses[i] = result.losses().getFloat();
            }
        }
        Kernels.addScaled(sum, clipped, factor);
        return told(losses, norms);
    }

    private Metrics told(float[] losses, float[] norms) {
        if (norms.length == 0) {
            return Metrics.none();
        }
        double loss = 0;
        int clipped = 0;
        for (int i = 0; i < norms.length; i++) {
            loss += losses[i];
            clipped += norms[i] <= dp.clippingBound() ? 0 : 1;
        }
        return Metrics.of("train/clipped", clipped, norms.length).merge(Metrics.of("train/loss", loss, norms.length));
    }
}
