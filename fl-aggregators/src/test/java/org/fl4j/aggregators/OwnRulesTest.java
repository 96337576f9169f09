package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Rules that research code adds: a further statistic of a streaming mean, and another model that is evaluated. */
class OwnRulesTest extends TensorTest {
    /**
     * FedExP (Jhunjhunwala et al. 2023, arXiv 2301.09604, eq. 7): the server's rate follows from the sum of squared
     * norms.
     */
    private record FedExP(double epsilon) implements Aggregator {
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.uniform(), state, List.of(), mean -> {
                        double rate = Math.max(
                                1,
                                mean.statistic("squares")
                                        / (2 * (Math.pow(mean.delta().norm(), 2) + epsilon)));
                        mean.delta().floats().muli(rate);
                        return new Aggregate(
                                Optional.of(mean.delta()),
                                Map.of("fedexp/last", state.model().copy()),
                                state.strategy(),
                                Metrics.of("fedexp/rate", rate, 1));
                    })
                    .also("squares", update -> Math.pow(update.delta().norm(), 2));
        }
    }

    /** Its last model swings; the mean of the last two is what the paper evaluates. */
    private static Algorithm fedExP(double epsilon) {
        return builder -> builder.aggregator(new FedExP(epsilon)).evaluated(state -> {
            ParameterVector mean = state.model().copy();
            mean.floats().addi(state.model("fedexp/last").orElse(state.model()).floats());
            mean.floats().muli(.5);
            return mean;
        });
    }

    @Nested
    class Contract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedExP(.001);
        }
    }

    private ModelUpdate update(int client, double... delta) {
        return new ModelUpdate(new ClientId(client), 0, 1 + client, 1, vector(delta), Metrics.none());
    }

    /**
     * Computed by hand: squares 4 and 4, mean (1, 1) of square 2; 4 / (2 (2 + 0.5)) is less than 1, with (2, 0) and (0,
     * 0.2) it is more.
     */
    @Test
    void extrapolatesByTheSumOfSquares() {
        ServerState state = state(vector(0, 0));
        Aggregation small = new FedExP(.5).begin(round(), state);
        small.add(update(0, 2, 0));
        small.add(update(1, 0, 2));
        assertThat(small.combine().metrics().value("fedexp/rate")).isEqualTo(1);
        Aggregation large = new FedExP(0).begin(round(), state);
        large.add(update(0, 2, 0));
        large.add(update(1, -1.8, 0));
        Aggregate aggregate = large.combine(); // squares 4 and 3.24, mean (.1, 0)
        assertThat(aggregate.metrics().value("fedexp/rate")).isCloseTo(3.62 / (2 * .01), within(1e-3));
        assertThat(aggregate.delta().orElseThrow().floats().toFloatArray()[0]).isCloseTo(18.1f, within(1e-3f));
    }

    @Test
    void statisticsMergeAndAreFinite() {
        ServerState state = state(vector(0, 0));
        WeightedMean all = squares(state);
        WeightedMean first = squares(state);
        WeightedMean second = squares(state);
        for (int client = 0; client < 6; client++) {
            double size = client == 3 ? 1e15 : client;
            all.add(update(client, size, 1));
            (client < 2 ? first : second).add(update(client, size, 1));
        }
        first.merge(second);
        assertThat(first.statistic("first")).isCloseTo(all.statistic("first"), within(1e3));
        assertThat(all.statistic("first")).isCloseTo(4e15 / 21, within(1e9)); // weights 1 to 6
        assertThatThrownBy(() -> all.statistic("second"))
                .hasMessage("statistic must be one of [first], but was second");
        assertThatThrownBy(() -> squares(state).add(update(2, Float.NaN, 0)))
                .hasMessage("statistic first of client 2 must be finite, but was NaN");
    }

    private static WeightedMean squares(ServerState state) {
        return new WeightedMean(UpdateWeighting.byExampleCount(), state)
                .also("first", update -> update.delta().floats().getFloat(0));
    }

    private static SimulationBuilder run(Dataset digits) {
        return SmallRuns.softmax(digits, 8)
                .testData(digits.test())
                .selector(SmallRuns.FIRST)
                .cohortSize(4)
                .rounds(3);
    }

    @Test
    void theModelThatIsEvaluatedNeedNotBeTheLast() {
        try (Dataset digits = Digits.generate(400, 200, new Seed(1));
                RunResult averaged = run(digits).algorithm(fedExP(.001)).build().run();
                RunResult last =
                        run(digits).aggregator(new FedExP(.001)).build().run();
                RunResult plain = run(digits)
                        .aggregator(new FedAvg(UpdateWeighting.uniform()))
                        .build()
                        .run();
                RunResult timid =
                        run(digits).aggregator(new FedExP(1e9)).build().run()) {
            assertThat(averaged.stateSha256()).isEqualTo(last.stateSha256());
            assertThat(averaged.finalMetrics().value("test/loss"))
                    .isNotEqualTo(last.finalMetrics().value("test/loss"));
            assertThat(timid.state().model().sha256())
                    .as("a large epsilon leaves the mean")
                    .isEqualTo(plain.state().model().sha256());
        }
    }

    @Test
    void theModelThatIsEvaluatedMustFit() {
        try (Dataset digits = Digits.generate(400, 200, new Seed(1))) {
            assertThatThrownBy(() -> run(digits)
                            .aggregator(new FedAvg())
                            .evaluated(state -> vector(1, 2))
                            .build()
                            .run())
                    .hasMessageStartingWith("model that is evaluated must have the run's layout, but: parameter");
        }
    }
}
