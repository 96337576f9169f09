package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregation;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ServerState;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class FedDiscoTest extends TensorTest {
    private static final FedDisco ALGORITHM = new FedDisco(.5, .1, 2);

    /** By hand: half of the examples each; one client has both classes alike, the other is sqrt(1/2) away from that. */
    @Test
    void countsSharesLessDiscrepancy() {
        float[] weights = ALGORITHM.weights(List.of(new float[] {2, 2}, new float[] {4, 0}));
        assertThat(weights).containsExactly(new float[] {.6f, (float) (.6 - .5 * Math.sqrt(.5))}, within(1e-7f));
        assertThat(new FedDisco(2, 0, 2).weights(List.of(new float[] {0, 9}))).containsExactly(0);
        assertThat(new FedDisco(0, 0, 2).weights(List.of(new float[] {1, 0}, new float[] {0, 3})))
                .containsExactly(.25f, .75f);
    }

    private Aggregation begin(float... weights) {
        ServerState state = state(vector(0, 0));
        return ALGORITHM
                .aggregator()
                .begin(round(), state.withStrategy(state.strategy().with("feddisco/weight", ClientColumn.of(weights))));
    }

    @Test
    void foldsByTheseWeights() {
        Aggregation aggregation = begin(.3f, .1f, 0, -1);
        aggregation.add(update(0, 1, vector(4, 8)));
        Aggregation part = begin(.3f, .1f, 0, -1);
        part.add(update(1, 1000, vector(0, 4)));
        part.add(update(2, 1000, vector(9, 9)));
        aggregation.merge(part);
        assertThat(values(aggregation.combine().delta().orElseThrow()))
                .containsExactly(new float[] {3, 7}, within(1e-6f));
        assertThat(begin(.3f).onModelUpdate(update(0, 1, vector(0, 0)))).isInstanceOf(Admission.Accepted.class);
        assertThat(begin(-1).onModelUpdate(update(0, 1, vector(0, 0))))
                .isInstanceOfSatisfying(
                        Admission.Rejected.class,
                        rejected -> assertThat(rejected.detail()).startsWith("counts of classes must be known, but "));
    }

    @Test
    void theModelStaysIfNobodyCounts() {
        Aggregation aggregation = begin(0, 0);
        aggregation.add(update(0, 1, vector(4, 8)));
        assertThat(aggregation.combine().delta()).isEmpty();
        assertThat(begin(.5f).combine().delta()).isEmpty();
    }

    /** Without discrepancy it is FedAvg; the counts of ten classes travel before each round. */
    @Test
    void asksTheCohortAndIsFedAvgWithoutDiscrepancy() {
        try (Dataset digits = Digits.generate(200, 20, new Seed(1))) {
            SimulationBuilder plain = SmallRuns.softmax(digits, 5).cohortSize(3).rounds(3);
            try (RunResult fedAvg = plain.build().run();
                    RunResult disco =
                            plain.algorithm(new FedDisco(0, 0, 10)).build().run();
                    RunResult discrepant =
                            plain.algorithm(new FedDisco(.5, .1, 10)).build().run()) {
                assertThat(values(disco.state().model()))
                        .containsExactly(values(fedAvg.state().model()), within(1e-5f));
                assertThat(values(discrepant.state().model()))
                        .isNotEqualTo(values(fedAvg.state().model()));
                assertThat(disco.history().get(0).bytesUp())
                        .isEqualTo(fedAvg.history().get(0).bytesUp() + 3 * 10 * Float.BYTES);
            }
        }
    }

    @Test
    void refusesNumbersThatMakeNoSense() {
        assertThatThrownBy(() -> new FedDisco(-1, 0, 2)).hasMessageStartingWith("a must be at least 0");
        assertThatThrownBy(() -> new FedDisco(0, -1, 2)).hasMessageStartingWith("b must be at least 0");
        assertThatThrownBy(() -> new FedDisco(0, 0, 0)).hasMessageStartingWith("classes must be");
    }
}
