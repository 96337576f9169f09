package org.fl4j.aggregators.asynchronous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class AsynchronousAggregatorsTest extends TensorTest {
    @Nested
    class FedBuffContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedBuff();
        }
    }

    private static ModelUpdate update(int client, int version, ParameterVector delta) {
        return new ModelUpdate(new ClientId(client), version, 10 + client, 1, delta, Metrics.none());
    }

    private float combined(Aggregator aggregator, ServerState state, ModelUpdate... updates) {
        Aggregation aggregation = aggregator.begin(round(state.round() + 1), state);
        for (ModelUpdate update : updates) {
            aggregation.add(update);
        }
        return values(aggregation.combine().delta().orElseThrow())[0];
    }

    private ServerState fifthRound() {
        return new ServerState(5, vector(7), StrategyState.empty());
    }

    /**
     * Weights of staleness 0, 1, 3 and 5, normalised, computed in float64; the paper divides by the count of updates
     * instead.
     */
    @Test
    void fedBuffDiscountsStaleUpdates() {
        double[] weights = {.3823572603, .2703674116, .1911786302, .1560966979};
        int[] staleness = {0, 1, 3, 5};
        double total =
                IntStream.of(staleness).mapToDouble(s -> 1 / Math.sqrt(1 + s)).sum();
        for (int i = 0; i < 4; i++) {
            ModelUpdate[] updates = new ModelUpdate[4];
            for (int k = 0; k < 4; k++) {
                updates[k] = update(k, 5 - staleness[k], vector(k == i ? 1 : 0));
            }
            assertThat(combined(new FedBuff(StalenessDiscount.polynomial(.5), true), fifthRound(), updates))
                    .isCloseTo((float) weights[i], within(1e-7f));
            assertThat(combined(new FedBuff(), fifthRound(), updates))
                    .isCloseTo((float) (weights[i] * total / 4), within(1e-7f));
        }
    }

    @Test
    void oneFreshUpdateIsTakenAsItIs() {
        assertThat(combined(new FedBuff(), fifthRound(), update(1, 5, vector(2.5))))
                .isEqualTo(2.5f);
        FedAsync whole = new FedAsync(1, StalenessDiscount.constant());
        assertThat(combined(whole, fifthRound(), update(1, 5, vector(2.5)))).isEqualTo(2.5f);
    }

    @Test
    void discountsAreThoseOfThePapers() {
        StalenessDiscount polynomial = StalenessDiscount.polynomial(.5);
        double[] expected = {.5, .3535533906, .2886751346, .25};
        for (int s = 0; s < 4; s++) {
            assertThat(.5 * polynomial.at(s)).isCloseTo(expected[s], within(1e-9));
        }
        StalenessDiscount hinge = StalenessDiscount.hinge(10, 4);
        for (int s = 0; s <= 4; s++) {
            assertThat(.5 * hinge.at(s)).isEqualTo(.5);
        }
        assertThat(.5 * hinge.at(5)).isCloseTo(.0454545455, within(1e-9));
        assertThat(.5 * hinge.at(6)).isCloseTo(.0238095238, within(1e-9));
        assertThat(StalenessDiscount.constant().at(9)).isEqualTo(1);
    }

    /** The model is 7, clients started from 3: (1 - a) 7 + a (3 + 2), with a = 0.5 / sqrt(3). */
    @Test
    void fedAsyncMixesTheLocalModelIn() {
        ServerState state = new ServerState(
                5,
                vector(7),
                new StrategyState(Map.of("async/model 3", vector(3).floats()), Map.of()));
        FedAsync mixing = new FedAsync(.5, StalenessDiscount.polynomial(.5));
        double a = .5 / Math.sqrt(3);
        assertThat(combined(mixing, state, update(1, 3, vector(2)))).isCloseTo((float) (a * (5 - 7)), within(1e-6f));
        double second = (1 - a) * 7 + a * 5;
        double third = .5 * second + .5 * (7 + 1); // a fresh one, relative to the round's model
        assertThat(combined(mixing, state, update(1, 3, vector(2)), update(2, 5, vector(1))))
                .isCloseTo((float) (third - 7), within(1e-6f));
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> new FedAsync(0, StalenessDiscount.constant()))
                .hasMessage("mixing must be in (0, 1], but was 0.0");
        assertThatThrownBy(() ->
                        combined(new FedAsync(.5, StalenessDiscount.constant()), fifthRound(), update(1, 2, vector(1))))
                .hasMessage("version must be one that clients of an asynchronous run started from, but was 2");
        assertThatThrownBy(() -> StalenessDiscount.polynomial(-1))
                .hasMessage("exponent must be at least 0 and finite, but was -1.0");
        assertThatThrownBy(() -> StalenessDiscount.hinge(0, 4))
                .hasMessage("slope must be positive and finite, but was 0.0");
    }

    /**
     * With one client at a time, so without staleness, FedBuff with a buffer of one is sequential FedAvg with equal
     * weights, bit for bit.
     */
    @Test
    void fedBuffWithABufferOfOneIsSequentialFedAvg() {
        try (Dataset digits = Digits.generate(200, 20, new Seed(1))) {
            SimulationBuilder asynchronous = run(digits, new FedBuff())
                    .selector(new ByTurns())
                    .algorithm(new Asynchronous(1, 1, 0, (client, round, work) -> 1 + client.index()));
            SimulationBuilder sequential = run(digits, new FedAvg(UpdateWeighting.uniform()))
                    .selector(new ByTurns())
                    .cohortSize(1);
            try (RunResult one = asynchronous.build().run();
                    RunResult other = sequential.build().run()) {
                assertThat(one.state().model().sha256())
                        .isEqualTo(other.state().model().sha256());
                assertThat(one.history().get(5).cohort())
                        .isEqualTo(other.history().get(5).cohort());
            }
        }
    }

    /** The same client in a round whether others are busy or not. */
    private static final class ByTurns implements ClientSelector {
        @Override
        public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
            return List.of(available.id((round.number() - 1) % available.size()));
        }
    }

    private static SimulationBuilder run(Dataset digits, Aggregator aggregator) {
        return SmallRuns.softmax(digits, 10).aggregator(aggregator).rounds(8).seed(4);
    }
}
