package org.fl4j.privacy;

import java.util.List;
import org.fl4j.core.UpdateTransform;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;

/** The names of this module's upload transforms. */
public final class PrivacyStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(new NamedStrategy<>(
                UpdateTransform.class,
                "norm-clipping",
                p -> new NormClipping(p.number("clippingBound", 1), p.number("p", 2))));
    }
}
