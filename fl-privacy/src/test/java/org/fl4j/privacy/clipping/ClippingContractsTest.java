package org.fl4j.privacy.clipping;

import java.util.Map;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.UpdateTransform;
import org.fl4j.testing.ClientContract;
import org.fl4j.testing.Clients;
import org.fl4j.testing.UpdateTransformContract;
import org.junit.jupiter.api.Nested;

/** Contracts of clipping by layer, and of clients that clip each gradient. */
class ClippingContractsTest {
    @Nested
    class ByLayer extends UpdateTransformContract {
        @Override
        protected UpdateTransform transform() {
            return new LayerClipping(Map.of("w", 1.0));
        }
    }

    @Nested
    class Adaptive extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return Clients.of(
                    new AdaptiveGradientClipping(new DynamicThreshold(1), 2, NonFinitePolicy.RAISE),
                    LocalTraining.sgd(.05));
        }
    }
}
