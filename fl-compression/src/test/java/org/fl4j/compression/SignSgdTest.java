package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.fixture.LeastSquares;
import org.fl4j.message.ModelUpdate;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class SignSgdTest extends TensorTest {
    private static final Aggregator MAJORITY = new SignSgd(.25, 0).aggregator();

    private ParameterVector moved(Aggregation aggregation, double[]... deltas) {
        for (int client = 0; client < deltas.length; client++) {
            try (ModelUpdate update = update(client, client + 1, vector(deltas[client]))) {
                aggregation.add(update);
            }
        }
        return aggregation.combine().delta().orElseThrow();
    }

    private Aggregation begin() {
        return MAJORITY.begin(round(), state(vector(1, 1, 1)));
    }

    /** However far one client wants to go, and however many examples it has, it has one vote; nobody wins a tie. */
    @Test
    void theMajorityDecides() {
        double[][] deltas = {{1, -1, 3}, {.1, -2, -4}, {-100, .5, 0}};
        assertThat(values(moved(begin(), deltas))).containsExactly(.25f, -.25f, 0);
        Aggregation left = begin();
        Aggregation right = begin();
        left.add(update(0, 1, vector(deltas[0])));
        right.add(update(1, 1, vector(deltas[1])));
        right.add(update(2, 1, vector(deltas[2])));
        left.merge(right);
        assertThat(values(left.combine().delta().orElseThrow())).containsExactly(.25f, -.25f, 0);
        assertThat(begin().combine().delta()).isEmpty();
    }

    @Test
    void buffersAreAveraged() {
        Aggregation votes = MAJORITY.begin(round(), state(vector(layoutWithBuffers(), 0, 0, 0, 0, 0)));
        votes.add(update(0, 1, vector(layoutWithBuffers(), 1, -1, 2, 3, -1)));
        votes.add(update(1, 1, vector(layoutWithBuffers(), 2, -1, 2, 5, 2)));
        assertThat(values(votes.combine().delta().orElseThrow())).containsExactly(.25f, -.25f, .25f, 4, .5f);
    }

    /** A parameter that no example moves must not drift. */
    @Test
    void zeroVotesByACoin() {
        BitWriter out = new BitWriter();
        Signs signs = new Signs();
        signs.write(new float[10_000], new Seed(1), out);
        float[] read = signs.read(10_000, new BitReader(out.toBytes()));
        double sum = IntStream.range(0, read.length).mapToDouble(i -> read[i]).sum();
        assertThat(read).containsOnly(1, -1);
        assertThat(Math.abs(sum))
                .as("of 10,000 coins, four standard deviations")
                .isLessThan(400);
        out = new BitWriter();
        signs.write(new float[] {-3, 1e-30f, -0f, 2}, new Seed(1), out);
        assertThat(out.toBytes()).as("four bits").hasSize(1);
    }

    /** From (0, 0) both clients want more of both: each round adds the rate, and each client sends one byte. */
    @Test
    void movesByTheRate() {
        try (RunResult result = LeastSquares.twoClients(manager)
                .algorithm(new SignSgd(.01, 0))
                .rounds(7)
                .build()
                .run()) {
            assertThat(values(result.state().model()))
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(.07f, .07f);
            assertThat(result.history())
                    .allSatisfy(round -> assertThat(round.bytesUp()).isEqualTo(2));
        }
    }

    /**
     * Near the optimum the signs turn; with momentum they turn later. By hand, one parameter: deltas 1 and then -0.3 in
     * two rounds give m = 0.1 and then 0.9 * 0.1 - 0.1 * 0.3 = 0.06, whose sign is still positive.
     */
    @Test
    void momentumTurnsLater() {
        double plain = furthest(0);
        assertThat(furthest(.9)).isGreaterThan(plain + .02);
        assertThat(plain).isBetween(.5, .8);
    }

    private double furthest(double momentum) {
        double[] most = {0};
        try (RunResult result = LeastSquares.twoClients(manager)
                .algorithm(new SignSgd(.02, momentum))
                .rounds(60)
                .listener(LeastSquares.slopes(slope -> most[0] = Math.max(most[0], slope)))
                .build()
                .run()) {
            assertThat(result.history()).hasSize(60);
        }
        return most[0];
    }

    @Test
    void refusesNumbersThatMakeNoSense() {
        assertThatThrownBy(() -> new SignSgd(0, 0)).hasMessageStartingWith("learningRate must be positive");
        assertThatThrownBy(() -> new SignSgd(1, 1)).hasMessageStartingWith("momentum must be");
    }

    @Test
    void goesWithNoOtherCodec() {
        assertThatThrownBy(() -> LeastSquares.twoClients(manager)
                        .algorithm(new SignSgd(.1, 0))
                        .codec(new VectorCodec(new TopK(.5)))
                        .build())
                .hasMessageStartingWith("codec must be that of SignSgd, whose parts do not work without one another");
    }
}
