package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * Ditto (Li et al. 2021, arXiv 2012.04221, algorithm 1): beside its part in FedAvg, each client trains a model of its
 * own that is pulled towards the received one by {@code lambda / 2 |v - received|^2}.
 *
 * <p>Deviations: the personal model trains as the shared one does, with the pull added.
 *
 * @param lambda at least 0; 0 is local training
 */
public record Ditto(double lambda) implements Algorithm {
    /** Checks lambda. */
    public Ditto {
        Check.notNegative("lambda", lambda);
    }

    @Override
    public Parts on(Parts parts) {
        double pull = lambda;
        return parts.usualAggregator(new FedAvg())
                .sgdClients(SgdClientFactory.ofOneClass(
                        DittoClient.class, (id, worker, training) -> new DittoClient(id, worker, training, pull)));
    }

    private static final class DittoClient extends PersonalModelClient {
        private final double lambda;

        DittoClient(ClientId id, Worker worker, LocalTraining training, double lambda) {
            super(id, worker, training);
            this.lambda = lambda;
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            NDArray parameters = model.parameters().floats();
            NDArray shared = parameters.duplicate();
            Kernels.copy(own(task), parameters);
            NDArray received = task.model().on(worker().device()).trainable();
            train(task, training().proximalTerm(lambda), received, "personal");
            keepModel(parameters, Map.of());
            Kernels.copy(shared, parameters);
        }
    }
}
