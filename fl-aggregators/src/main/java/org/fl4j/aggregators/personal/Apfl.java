package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * APFL, adaptive personalised federated learning (Deng et al. 2020, arXiv 2003.13461, algorithm 1): each client mixes a
 * model v of its own into the shared w, {@code mixed = alpha v + (1 - alpha) w}. With each step of w, v takes one along
 * its gradient at the mixed model, {@code v -= rate alpha g}, and alpha along its own,
 * {@code alpha -= rate <v - w, g>}, kept in [0, 1].
 *
 * <p>Deviations: v and alpha take plain SGD steps at the client learning rate, whatever optimizer moves w. Buffers are
 * those of the shared model.
 *
 * @param alpha the share of the own model at first, in [0, 1]
 * @param adaptive whether alpha is learned
 */
public record Apfl(double alpha, boolean adaptive) implements Algorithm {
    /** Checks alpha. */
    public Apfl {
        Check.that(alpha >= 0 && alpha <= 1, "alpha", "in [0, 1]", alpha);
    }

    @Override
    public Parts on(Parts parts) {
        Apfl setting = this;
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) -> new MixingClient(id, worker, training, setting));
    }

    private static final class MixingClient extends PersonalModelClient {
        private static final String ALPHA = "apfl/alpha";
        private final Apfl setting;
        private double alpha;
        private NDArray own;

        MixingClient(ClientId id, Worker worker, LocalTraining training, Apfl setting) {
            super(id, worker, training);
            this.setting = setting;
            alpha = kept(SLOT).flatMap(state -> state.number(ALPHA)).orElse(setting.alpha);
            own = worker.model().parameters().floats();
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            own = own(task);
        }

        @Override
        protected void afterBackward(LocalStep step) {
            NDArray shared = step.parameters().duplicate();
            NDArray personal = Kernels.narrow(own, 0, shared.size());
            mix(step.parameters(), personal);
            NDArray gradient = gradient(step.batch().positions());
            Kernels.copy(shared, step.parameters());
            double rate = training().learningRate().at(step.task().round());
            double slope = Kernels.dot(personal.sub(shared), gradient);
            Kernels.addScaled(personal, gradient, -rate * alpha);
            if (setting.adaptive) {
                alpha = Math.min(1, Math.max(0, alpha - rate * slope));
            }
        }

        /** Puts the mixture into the place of the shared parameters. */
        private void mix(NDArray shared, NDArray personal) {
            shared.muli(1 - alpha);
            Kernels.addScaled(shared, personal, alpha);
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            keepModel(own, Map.of(ALPHA, alpha));
        }

        @Override
        protected void beforeEvaluation(TrainingTask task, LocalModel model) {
            NDArray shared = model.parameters().trainable();
            mix(shared, Kernels.narrow(own(task), 0, shared.size()));
        }
    }
}
