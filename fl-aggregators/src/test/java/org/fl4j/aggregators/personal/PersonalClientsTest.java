package org.fl4j.aggregators.personal;

import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.testing.ClientContract;
import org.fl4j.testing.Clients;
import org.junit.jupiter.api.Nested;

/** Clients that keep something of their own. */
class PersonalClientsTest {
    private static final LocalTraining TRAINING = LocalTraining.sgd(.05);

    @Nested
    class OfDitto extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new Ditto(.1), TRAINING);
        }
    }

    @Nested
    class OfApfl extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new Apfl(.5, true), TRAINING);
        }
    }

    @Nested
    class OfPFedMe extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new PFedMe(15, 5, .05), TRAINING);
        }
    }

    @Nested
    class OfPerFedAvg extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(new PerFedAvg(.01, TRAINING), TRAINING);
        }
    }

    @Nested
    class OfReptile extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return (id, worker) -> new FineTuningClient(id, worker, TRAINING, TRAINING);
        }
    }
}
