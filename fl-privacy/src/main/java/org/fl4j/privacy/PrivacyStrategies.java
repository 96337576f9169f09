package org.fl4j.privacy;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.UpdateTransform;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PldAccountant;
import org.fl4j.privacy.accounting.PrivacyAccountant;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.privacy.central.ClippingRule;
import org.fl4j.privacy.central.PoissonSelector;
import org.fl4j.privacy.clipping.AdaptiveGradientClipping;
import org.fl4j.privacy.clipping.DynamicThreshold;
import org.fl4j.privacy.clipping.NonFinitePolicy;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.ftrl.DpFtrl;
import org.fl4j.privacy.local.DpSgd;
import org.fl4j.privacy.local.LocalDp;
import org.fl4j.privacy.local.NoiseRaise;
import org.fl4j.privacy.local.NoiseRule;
import org.fl4j.privacy.local.PrivacyLog;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.privacy.secure.DistributedDp;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.WritingAlgorithm;

/** The names of this module's upload transforms, algorithms and selector. */
public final class PrivacyStrategies implements StrategyProvider {
    private static final double ROUNDING = 1 + 1e-9; // so that the last task is not refused for it

    private enum Clipping {
        FIXED,
        QUANTILE
    }

    private enum Accountant {
        PLD,
        RDP
    }

    private enum Kind {
        GAUSSIAN,
        LAPLACE
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
                new NamedStrategy<>(ClientSelector.class, "poisson", p -> new PoissonSelector(p.number("rate", .1))),
                new NamedStrategy<>(
                        Algorithm.class,
                        "gradient-clipping",
                        p -> new AdaptiveGradientClipping(
                                new DynamicThreshold(
                                        p.number("threshold", 1),
                                        p.number("factor", .9),
                                        p.number("floor", 1e-3),
                                        p.number("ceiling", 1e3)),
                                p.number("p", 2),
                                p.choice("onNonFinite", NonFinitePolicy.RAISE))),
                new NamedStrategy<>(Algorithm.class, "central-dp", PrivacyStrategies::centralDp),
                new NamedStrategy<>(Algorithm.class, "local-dp", PrivacyStrategies::localDp),
                new NamedStrategy<>(Algorithm.class, "dp-sgd", PrivacyStrategies::dpSgd),
                new NamedStrategy<>(Algorithm.class, "dp-ftrl", PrivacyStrategies::dpFtrl),
                new NamedStrategy<>(Algorithm.class, "distributed-dp", PrivacyStrategies::distributedDp));
    }

    private static PrivacyBudget budget(Parameters parameters, PrivacyAccountant accountant) {
        return new PrivacyBudget(parameters.number("epsilon", 8), parameters.number("delta", 1e-5), accountant);
    }

    private static PrivacyAccountant accountant(Parameters parameters) {
        return switch (parameters.choice("accountant", Accountant.PLD)) {
            case PLD -> new PldAccountant(1e-3);
            case RDP -> new RdpAccountant();
        };
    }

    private static NoiseSource noise(Parameters parameters) {
        return switch (parameters.choice("noise", Source.SEEDED)) {
            case SEEDED -> NoiseSource.seeded();
            case SECURE -> NoiseSource.secure();
        };
    }

    /** Each client may spend the budget in so many tasks. */
    private static Algorithm localDp(Parameters parameters) {
        double epsilon = parameters.number("epsilon", 8);
        double delta = parameters.number("delta", 1e-5);
        int tasks = parameters.integer("tasks", 10);
        Mechanism mechanism = switch (parameters.choice("mechanism", Kind.GAUSSIAN)) {
            case GAUSSIAN ->
                new Mechanism.Gaussian(GaussianMechanism.noiseMultiplier(epsilon, delta) * Math.sqrt(tasks) * ROUNDING);
            case LAPLACE -> new Mechanism.Laplace(tasks / epsilon * ROUNDING);
        };
        double bound = parameters.number("clippingBound", .5);
        NoiseSource noise = noise(parameters);
        NoiseRaise raise = raise(parameters);
        return Logged.of(
                parameters.text("log", ""),
                noise,
                log -> new LocalDp(bound, NoiseRule.same(mechanism), raise, epsilon, delta, noise, log));
    }

    /** Each client may spend the budget in so many tasks. */
    private static Algorithm dpSgd(Parameters parameters) {
        PrivacyBudget budget = budget(parameters, accountant(parameters));
        double rate = parameters.number("rate", .1);
        int steps = parameters.integer("steps", 10);
        double multiplier = budget.noiseMultiplier(rate, parameters.integer("tasks", 10) * steps);
        double bound = parameters.number("clippingBound", 1);
        NoiseSource noise = noise(parameters);
        return Logged.of(
                parameters.text("log", ""),
                noise,
                log -> new DpSgd(bound, multiplier, rate, steps, budget, noise, log));
    }

    /** More noise while the memory of the machine is short; it makes runs differ from one another. */
    private static NoiseRaise raise(Parameters parameters) {
        double factor = parameters.number("raise", 1);
        double above = parameters.number("raiseAbove", 0.9);
        return factor == 1 ? NoiseRaise.none() : NoiseRaise.under(PrivacyStrategies::memoryUsed, above, factor);
    }

    private static double memoryUsed() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return 1 - (double) system.getFreeMemorySize() / system.getTotalMemorySize();
    }

    /**
     * A private algorithm that logs its releases in the directory of its run.
     *
     * @param file the log's name
     * @param noise of the run
     * @param make makes the algorithm with a log, or without one
     */
    private record Logged(String file, NoiseSource noise, Function<Optional<PrivacyLog>, Algorithm> make)
            implements WritingAlgorithm {
        static Algorithm of(String file, NoiseSource noise, Function<Optional<PrivacyLog>, Algorithm> make) {
            return file.isEmpty() ? make.apply(Optional.empty()) : new Logged(file, noise, make);
        }

        @Override
        public Algorithm in(Path directory) {
            return make.apply(Optional.of(new PrivacyLog(directory.resolve(file), noise)));
        }

        @Override
        public Parts on(Parts parts) {
            return make.apply(Optional.empty()).on(parts);
        }

        @Override
        public void verify(Parts parts) {
            make.apply(Optional.empty()).verify(parts);
        }
    }

    private static DpFtrl dpFtrl(Parameters parameters) {
        return new DpFtrl(
                parameters.number("clippingBound", .5),
                parameters.number("noiseMultiplier", 1),
                parameters.integer("cohort", 10),
                parameters.integer("epochRounds", 10),
                parameters.number("epsilon", Double.POSITIVE_INFINITY),
                parameters.number("delta", 1e-5));
    }

    /** Its noise is calibrated so that the epochs cost the budget. */
    private static DistributedDp distributedDp(Parameters parameters) {
        PrivacyBudget budget = budget(parameters, new RdpAccountant());
        int cohort = parameters.integer("cohort", 10);
        double multiplier = budget.noiseMultiplier(1, parameters.integer("epochs", 10));
        return new DistributedDp(
                parameters.number("clippingBound", .5),
                multiplier,
                cohort,
                parameters.integer("leastSurvivors", cohort / 2 + 1),
                parameters.integer("epochRounds", 10),
                budget,
                noise(parameters));
    }

    /**
     * Its noise is calibrated so that the rounds cost the budget; with a cohort, of a fixed size out of so many
     * clients.
     */
    private static CentralDp centralDp(Parameters parameters) {
        PrivacyBudget budget = budget(parameters, accountant(parameters));
        double rate = parameters.number("rate", .1);
        int cohort = parameters.integer("cohort", 0);
        int clients = parameters.integer("clients", 0);
        SamplingScheme sampling =
                cohort == 0 ? new SamplingScheme.Poisson(rate) : new SamplingScheme.FixedSize(cohort, clients);
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
        double multiplier = budget.noiseMultiplier(sampling, parameters.integer("rounds", 100));
        return new CentralDp(clipping, multiplier, sampling, budget, noise(parameters));
    }
}
