package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Codec;
import org.fl4j.fixture.LeastSquares;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class Ef21Test extends TensorTest {
    private static final VectorCodec LARGEST = new VectorCodec(new TopK(.5));
    private static final Ef21 ALGORITHM = new Ef21(LARGEST);

    private final Codec codec = new Ef21.Changes(LARGEST);
    private final Map<Integer, StrategyState> kept = new TreeMap<>();

    private ParameterVector sent(int client, double... delta) {
        StrategyState before = kept.getOrDefault(client, StrategyState.empty());
        Codec.Encoded encoded = codec.encode(vector(delta), before, new Seed(client));
        kept.put(client, encoded.sender());
        return codec.decode(encoded.arrays(), layout(2), StrategyState.empty()).delta();
    }

    private Aggregate round(ServerState state, ParameterVector first, ParameterVector second) {
        Aggregation aggregation = ALGORITHM.aggregator().begin(round(), state);
        Aggregation part = ALGORITHM.aggregator().begin(round(), state);
        aggregation.add(update(0, 5, first));
        part.add(update(1, 50, second));
        aggregation.merge(part);
        return aggregation.combine();
    }

    /**
     * By hand, two of ten clients, the larger of two values. Round 1: (3, 1) and (1, -2) are sent as (3, 0) and (0,
     * -2), so g = (.3, -.2). Round 2: (4, 2) - (3, 0) = (1, 2) is sent as (0, 2), and (1, -2) - (0, -2) = (1, 0) as it
     * is, so g = (.4, 0).
     */
    @Test
    void isTheAlgorithmByHand() {
        ServerState state = state(vector(0, 0));
        Aggregate first = round(state, sent(0, 3, 1), sent(1, 1, -2));
        assertThat(values(first.delta().orElseThrow())).containsExactly(.3f, -.2f);
        Aggregate second = round(state.withStrategy(first.strategy()), sent(0, 4, 2), sent(1, 1, -2));
        assertThat(values(second.delta().orElseThrow()))
                .usingComparatorWithPrecision(1e-7f)
                .containsExactly(.4f, 0);
        assertThat(kept.get(0).tensor("ef21/estimate").orElseThrow().toFloatArray())
                .containsExactly(3, 2);
        assertThat(ALGORITHM.aggregator().begin(round(), state).combine().delta())
                .isEmpty();
    }

    /** One value of two is sent, and the run still comes to the optimum, which the same code alone does not. */
    @Test
    void reachesTheOptimum() {
        SimulationBuilder run = LeastSquares.twoClients(manager).rounds(800);
        assertThat(LeastSquares.distance(run.algorithm(ALGORITHM))).isLessThan(1e-4);
        SimulationBuilder alone = LeastSquares.twoClients(manager).rounds(800);
        assertThat(LeastSquares.distance(alone.codec(LARGEST))).isGreaterThan(.01);
    }

    @Test
    void aClientThatWasRejectedKeepsItsEstimate() {
        try (RunResult result = LeastSquares.twoClients(manager)
                .algorithm(ALGORITHM)
                .uploadTransform((update, task) -> {
                    ParameterVector delta = update.delta().copy();
                    if (task.round() == 2 && task.client().index() == 0) {
                        delta.floats().muli(Float.NaN);
                    }
                    return update.withDelta(delta);
                })
                .rounds(800)
                .build()
                .run()) {
            assertThat(result.history().get(1).rejected()).hasSize(1);
            float[] line = values(result.state().model());
            assertThat(Math.hypot(line[0] - .5, line[1] - .5)).isLessThan(1e-4);
        }
    }

    @Test
    void refusesCodesThatAreNoContraction() {
        assertThatThrownBy(() -> new Ef21(new VectorCodec(new Qsgd(1, Qsgd.Form.PAPER))))
                .hasMessageStartingWith("code under EF21 must be a contraction, such as top-k, stc or sign,");
    }
}
