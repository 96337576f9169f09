package org.fl4j.server;

import org.fl4j.core.ClientSelector;
import org.fl4j.core.SumRule;
import org.fl4j.testing.ClientSelectorContract;
import org.fl4j.testing.SumRuleContract;
import org.junit.jupiter.api.Nested;

/** Contracts of what federated averaging is made of. */
class ServerStrategiesTest {
    @Nested
    class Averaging extends SumRuleContract {
        @Override
        protected SumRule rule() {
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
