package org.fl4j.privacy.central;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.random.RandomGenerator;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.data.Dataset;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.random.Seed;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;

/** What {@link CentralDpTest} and {@link CentralDpRunsTest} share. */
abstract class CentralDpSetup extends TensorTest {
    static final PrivacyBudget LARGE = new PrivacyBudget(50, 1e-5, new RdpAccountant());

    static CentralDp silent(double bound, double rate) {
        return new CentralDp(ClippingRule.fixed(bound), 1e-9 + .5, rate, LARGE, seed -> new Silence());
    }

    /** Noise that is always 0. */
    record Silence() implements RandomGenerator {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public double nextGaussian() {
            return 0;
        }
    }

    static ModelUpdate sent(ModelUpdate update, boolean below) {
        return update.with(CentralDp.BELOW, below);
    }

    Aggregate combine(CentralDp dp, double[]... deltas) {
        return combine(dp, state(vector(new double[deltas.length == 0 ? 2 : deltas[0].length])), deltas);
    }

    Aggregate combine(CentralDp dp, ServerState state, double[]... deltas) {
        Aggregation aggregation = dp.aggregator().begin(round(), state);
        for (int i = 0; i < deltas.length; i++) {
            ModelUpdate update = update(i, 1 + 100 * i, vector(deltas[i]));
            aggregation.add(sent(update, update.delta().norm() <= dp.clipping().bound(state.strategy())));
        }
        return aggregation.combine();
    }

    static void assertTrajectory(ClippingRule rule, double[] norms, double... expected) {
        StrategyState state = StrategyState.empty();
        for (double bound : expected) {
            int below = 0;
            for (double norm : norms) {
                below += norm <= rule.bound(state) ? 1 : 0;
            }
            state = rule.after(state, below, norms.length, norms.length, seed -> new Silence(), new Seed(1));
            assertThat(rule.bound(state)).isCloseTo(bound, within(1e-6));
        }
    }

    SimulationBuilder run(Dataset digits, Algorithm dp) {
        return SmallRuns.softmax(digits, 40)
                .algorithm(dp)
                .testData(digits.test())
                .rounds(6)
                .seed(2);
    }

    /** Noise that is a part of what it should be. */
    record Weak(RandomGenerator random, double divisor) implements RandomGenerator {
        @Override
        public long nextLong() {
            return random.nextLong();
        }

        @Override
        public double nextGaussian() {
            return random.nextGaussian() / divisor;
        }
    }
}
