package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.Worker;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * pFedMe (Dinh et al. 2020, arXiv 2006.08848, algorithm 1): for each batch a client fits a personal model theta to it,
 * held by {@code lambda / 2 |theta - w|^2}, with some gradient steps from w, and then moves w by
 * {@code rate lambda (theta - w)}.
 *
 * <p>Deviations: none. The server's beta is its learning rate ({@link org.fl4j.server.AddDelta}).
 *
 * @param lambda positive
 * @param fittingSteps how many steps theta takes, at least 1
 * @param personalRate the learning rate of theta, positive
 */
public record PFedMe(double lambda, int fittingSteps, double personalRate) implements Algorithm {
    /** Checks all. */
    public PFedMe {
        Check.positive("lambda", lambda);
        Check.positive("fittingSteps", fittingSteps);
        Check.positive("personalRate", personalRate);
    }

    @Override
    public Parts on(Parts parts) {
        PFedMe setting = this;
        return parts.usualAggregator(new FedAvg(UpdateWeighting.uniform()))
                .sgdClients((id, worker, training) -> new FittingClient(id, worker, training, setting));
    }

    private static final class FittingClient extends PersonalModelClient {
        private final PFedMe setting;
        private NDArray fitted;

        FittingClient(ClientId id, Worker worker, LocalTraining training, PFedMe setting) {
            super(id, worker, training);
            this.setting = setting;
            fitted = worker.model().parameters().trainable();
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            fitted = model.parameters().trainable().duplicate();
        }

        @Override
        protected void afterBackward(LocalStep step) {
            NDArray shared = step.parameters().duplicate();
            NDArray theta = step.parameters();
            for (int i = 0; i < setting.fittingSteps; i++) {
                NDArray gradient =
                        i == 0 ? step.gradient() : gradient(step.batch().positions());
                Kernels.addScaled(gradient, theta, setting.lambda);
                Kernels.addScaled(gradient, shared, -setting.lambda);
                Kernels.addScaled(theta, gradient, -setting.personalRate);
            }
            Kernels.copy(theta, fitted);
            Kernels.sum(step.gradient(), shared, theta, -1);
            step.gradient().muli(setting.lambda);
            Kernels.copy(shared, theta);
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            NDArray own = model.parameters().floats().duplicate();
            Kernels.copy(fitted, Kernels.narrow(own, 0, fitted.size()));
            keepModel(own, Map.of());
        }
    }
}
