package org.fl4j.aggregators;

import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.testing.ClientContract;
import org.fl4j.testing.Clients;
import org.junit.jupiter.api.Nested;

/** Contracts of clients that train on another loss or along other gradients, or report the loss. */
class ChangedLossClientsTest {
    private static final LocalTraining TRAINING = LocalTraining.sgd(.05);

    @Nested
    class OfFedLC extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new FedLC(.1), TRAINING);
        }
    }

    @Nested
    class OfFedNtd extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new FedNtd(1, 2), TRAINING);
        }
    }

    @Nested
    class OfFedSam extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new FedSam(.05), TRAINING);
        }
    }

    @Nested
    class WithReceivedLoss extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return (id, worker) -> new ReceivedLoss.Reporter(id, worker, TRAINING);
        }
    }
}
