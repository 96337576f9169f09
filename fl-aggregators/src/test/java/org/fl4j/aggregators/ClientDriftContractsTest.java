package org.fl4j.aggregators;

import org.fl4j.core.Aggregator;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.message.ModelUpdate;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.ServerOptimizerContract;
import org.junit.jupiter.api.Nested;

/** The server's part of algorithms against client drift. */
class ClientDriftContractsTest {
    @Nested
    class ScaffoldContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new Scaffold().aggregator();
        }

        @Override
        protected ModelUpdate sent(ModelUpdate update) {
            return update.withAttachment(
                    "scaffold/control", update.delta().trainable().duplicate());
        }
    }

    @Nested
    class MimeLiteContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new MimeLite(.9).aggregator();
        }

        @Override
        protected ModelUpdate sent(ModelUpdate update) {
            return update.withAttachment(
                    "mimelite/gradient", update.delta().trainable().duplicate());
        }
    }

    @Nested
    class MimeContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new Mime(.9).aggregator();
        }
    }

    @Nested
    class FedCmContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedCm(.1).aggregator();
        }
    }

    @Nested
    class FedAcgContract extends ServerOptimizerContract {
        @Override
        protected ServerOptimizer optimizer() {
            return new FedAcg(.85, .01).serverOptimizer();
        }
    }

    @Nested
    class FedNovaContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedNova();
        }
    }
}
