package org.fl4j.privacy.clipping;

import java.util.List;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.simulation.Algorithm;

/**
 * Each client clips the gradient of each of its steps by a threshold that follows its loss from round to round ({@link
 * DynamicThreshold}), as {@link
 * GradientClipping} does. It steadies training and is no differential privacy.
 *
 * <p>Metrics, means over steps and clients: {@code train/gradient norm}, before clipping,
 * {@code train/clipping coefficient}, and {@code train/clipping threshold}. A skipped step is one whose gradient is 0.
 *
 * @param initial each client's first threshold
 * @param p of the norm, at least 1, or infinite
 * @param policy for gradients that are not finite
 */
public record AdaptiveGradientClipping(DynamicThreshold initial, double p, NonFinitePolicy policy)
        implements Algorithm {
    private static final String THRESHOLD = "clipping/threshold";

    private static final Slot SLOT = Slot.ofClient("gradient-clipping");

    /** Checks all. */
    public AdaptiveGradientClipping {
        Check.present("initial", initial);
        Check.that(p >= 1, "p", "at least 1", p);
        Check.present("policy", policy);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.sgdClients((id, worker, training) -> new ClippingClient(id, worker, training, this));
    }

    private static final class ClippingClient extends SgdClient {
        private final AdaptiveGradientClipping clipping;
        private DynamicThreshold threshold;
        private Metrics measured = Metrics.none();

        ClippingClient(ClientId id, Worker worker, LocalTraining training, AdaptiveGradientClipping clipping) {
            super(id, worker, training);
            this.clipping = clipping;
            threshold = clipping.initial;
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            threshold = kept(SLOT)
                    .flatMap(state -> state.number(THRESHOLD))
                    .map(clipping.initial::withBound)
                    .orElse(clipping.initial);
        }

        @Override
        protected void afterBackward(LocalStep step) {
            NonFinitePolicy onStep = clipping.policy == NonFinitePolicy.SKIP ? NonFinitePolicy.ZERO : clipping.policy;
            double norm = GradientClipping.clipNorm(List.of(step.gradient()), threshold.bound(), clipping.p, onStep);
            if (Double.isFinite(norm)) {
                double coefficient = GradientClipping.coefficient(norm, threshold.bound());
                measured = measured.merge(Metrics.of("train/gradient norm", norm, 1))
                        .merge(Metrics.of("train/clipping coefficient", coefficient, 1));
            }
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            Metrics sent = measured.merge(Metrics.of("train/clipping threshold", threshold.bound(), 1));
            double loss = update.facts().number(TrainingFacts.LOSS); // of a client without examples
            DynamicThreshold next = Double.isFinite(loss) ? threshold.after(loss) : threshold;
            keep(SLOT, StrategyState.empty().with(THRESHOLD, next.bound()));
            return update.withMetrics(sent);
        }
    }
}
