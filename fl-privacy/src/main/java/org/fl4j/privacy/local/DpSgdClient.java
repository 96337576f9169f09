package org.fl4j.privacy.local;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.random.RandomGenerator;
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
import org.fl4j.model.LocalModel;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.random.Sampling;
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
        Metrics metrics = Metrics.none();
        Facts facts = Facts.of(TrainingFacts.LEARNING_RATE, rate)
                .with(PrivacyFacts.NOISE_SCALE, deviation)
                .with(PrivacyFacts.GAUSSIAN_MULTIPLIER, dp.noiseMultiplier())
                .with(PrivacyFacts.RELEASE_EPSILON, dp.ledger().cost(dp.ledger().next(id(), task.round())));
        int steps = examples.count() == 0 ? 0 : dp.steps();
        for (int step = 0; step < steps; step++) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                NDArray sum = parameters.zerosLike();
                for (int i : Sampling.poisson(examples.count(), dp.rate(), coins)) {
                    metrics = metrics.merge(addClipped(sum, examples, i));
                }
                Noise.addGaussian(sum, deviation, noise);
                stepper.step(parameters, sum.divi(dp.rate() * examples.count()), rate);
            }
        }
        return new LocalResult(steps, metrics, facts);
    }

    /** Adds the gradient of the client's i-th example; one that is not finite counts as none. */
    private Metrics addClipped(NDArray sum, ClientExamples examples, int i) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Examples one = examples.source()
                    .rows(new int[] {examples.row(i)}, worker().model().manager());
            LocalModel.Gradient result = worker().model()
                    .gradient(
                            one.features(),
                            predictions -> worker().model().task().loss().perExample(predictions, one.labels()));
            double norm = NormClipping.addClipped(sum, result.gradient(), dp.clippingBound());
            boolean clip = !(norm <= dp.clippingBound());
            return Metrics.of("train/clipped", clip ? 1 : 0, 1)
                    .merge(Metrics.of("train/loss", result.losses().getFloat(), 1));
        }
    }
}
