package org.fl4j.server;

import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.ClientSelectorContract;
import org.junit.jupiter.api.Nested;

/** Contracts of what federated averaging is made of. */
class ServerStrategiesTest {
    @Nested
    class Averaging extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedAvg();
        }
    }

    @Nested
    class Uniform extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new UniformSelector();
        }
    }
}
