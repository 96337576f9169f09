package org.fl4j.privacy;

import java.util.List;
import org.fl4j.core.UpdateTransform;
import org.fl4j.privacy.accounting.PldAccountant;
import org.fl4j.privacy.accounting.PrivacyAccountant;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.privacy.central.ClippingRule;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.Algorithm;

/** The names of this module's upload transforms and algorithms. */
public final class PrivacyStrategies implements StrategyProvider {
    private enum Clipping {
        FIXED,
        QUANTILE
    }

    private enum Accountant {
        PLD,
        RDP
    }

    private enum Source {
        SEEDED,
        SECURE
    }

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(
                        UpdateTransform.class,
                        "norm-clipping",
                        p -> new NormClipping(p.number("clippingBound", 1), p.number("p", 2))),
                new NamedStrategy<>(Algorithm.class, "central-dp", PrivacyStrategies::centralDp));
    }

    /** Its noise is calibrated so that the rounds cost the budget. */
    private static CentralDp centralDp(Parameters parameters) {
        PrivacyAccountant accountant = switch (parameters.choice("accountant", Accountant.PLD)) {
            case PLD -> new PldAccountant(1e-3);
            case RDP -> new RdpAccountant();
        };
        PrivacyBudget budget =
                new PrivacyBudget(parameters.number("epsilon", 8), parameters.number("delta", 1e-5), accountant);
        double rate = parameters.number("rate", .1);
        double bound = parameters.number("clippingBound", .5);
        ClippingRule clipping = switch (parameters.choice("clipping", Clipping.FIXED)) {
            case FIXED -> ClippingRule.fixed(bound);
            case QUANTILE ->
                new ClippingRule.Quantile(
                        bound,
                        parameters.number("quantile", .5),
                        parameters.number("boundRate", .2),
                        parameters.number("countDeviation", 5));
        };
        NoiseSource noise = switch (parameters.choice("noise", Source.SEEDED)) {
            case SEEDED -> NoiseSource.seeded();
            case SECURE -> NoiseSource.secure();
        };
        double multiplier = budget.noiseMultiplier(rate, parameters.integer("rounds", 100));
        return new CentralDp(clipping, multiplier, rate, budget, noise);
    }
}
