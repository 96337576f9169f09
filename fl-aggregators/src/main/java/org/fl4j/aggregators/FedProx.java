package org.fl4j.aggregators;

import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;

/**
 * FedProx (Li et al. 2020, arXiv 1812.06127, algorithm 2): FedAvg whose clients minimise their loss plus {@code mu / 2
 * |w - received|^2}, which pulls them back to the received model.
 *
 * <p>Deviations: clients may do any local work, but its inexactness is not measured.
 *
 * @param mu at least 0; 0 is FedAvg
 */
public record FedProx(double mu) implements Algorithm {
    /** Checks mu. */
    public FedProx {
        Check.notNegative("mu", mu);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.usualAggregator(new FedAvg()).sgdClients(new ProximalClients(mu));
    }

    private record ProximalClients(double mu) implements SgdClientFactory {
        @Override
        public SgdClient create(ClientId id, Worker worker, LocalTraining training) {
            return new SgdClient(id, worker, effective(training));
        }

        @Override
        public LocalTraining effective(LocalTraining training) {
            return training.proximalTerm(mu);
        }

        @Override
        public Optional<Class<? extends SgdClient>> clientClass() {
            return Optional.of(SgdClient.class);
        }
    }
}
