package org.fl4j.aggregators.robust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.assertj.core.data.Offset;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.message.ServerState;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * Expected values were computed in float64 with numpy, and agree with ByzFL's and Flower's own tests where those
 * overlap.
 */
class RobustAggregatorsTest extends TensorTest {
    /** Five honest vectors and two byzantine ones. */
    private static final double[][] SEVEN = {{2, 1}, {1, 5}, {3, 1}, {5, 5}, {5, 3}, {12, -9}, {-7, 11}};

    private static final Offset<Float> ROUNDING = within(2e-6f);

    @Nested
    class Trimmed extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new TrimmedMean(.2);
        }
    }

    @Nested
    class KrumContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return Krum.single(2);
        }
    }

    @Nested
    class MultiKrum extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new Krum(2, 3);
        }
    }

    @Nested
    class BulyanContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new Bulyan(0); // with 1 of 9, two nearest neighbours of each other tie, and their order decides
        }
    }

    @Nested
    class Geometric extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new GeometricMedian();
        }
    }

    @Nested
    class Centered extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new CenteredClipping(10, 2);
        }
    }

    @Nested
    class Bounding extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new NormBounding(4);
        }
    }

    private Aggregate aggregate(Aggregator aggregator, ServerState state, double[]... deltas) {
        Aggregation aggregation = aggregator.begin(round(), state);
        for (int client = 0; client < deltas.length; client++) {
            aggregation.add(update(client, 1 + client, vector(deltas[client])));
        }
        return aggregation.combine();
    }

    private float[] combine(Aggregator aggregator, double[]... deltas) {
        return values(
                aggregate(aggregator, state(vector(deltas[0])), deltas).delta().orElseThrow());
    }

    private static double[][] column(double... values) {
        return Arrays.stream(values).mapToObj(value -> new double[] {value}).toArray(double[][]::new);
    }

    @Test
    void trimsTheMean() {
        assertThat(combine(new TrimmedMean(1 / 7.0), SEVEN)).containsExactly(new float[] {3.2f, 3}, ROUNDING);
        assertThat(combine(new TrimmedMean(2 / 7.0), SEVEN)).containsExactly(new float[] {10 / 3f, 3}, ROUNDING);
        assertThat(combine(new TrimmedMean(0), SEVEN)).containsExactly(new float[] {3, 17 / 7f}, ROUNDING);
        assertThat(combine(new TrimmedMean(.25), column(.2, .4, .6, 9))).containsExactly(new float[] {.5f}, ROUNDING);
    }

    @Test
    void picksByKrum() {
        assertThat(combine(Krum.single(1), SEVEN)).containsExactly(5, 3);
        assertThat(combine(Krum.single(2), SEVEN)).containsExactly(5, 3);
    }

    @Test
    void averagesTheBestByMultiKrum() {
        assertThat(combine(new Krum(2, 3), SEVEN)).containsExactly(new float[] {10 / 3f, 5 / 3f}, ROUNDING);
        assertThat(combine(new Krum(1, 6), SEVEN)).containsExactly(new float[] {1.5f, 13 / 3f}, ROUNDING);
    }

    @Test
    void picksAndTrimsByBulyan() {
        assertThat(combine(new Bulyan(3), column(-28, -14, -7, -13, -18, 7, 14, 5, 21, 22, -21, 25, 40, 43, 37)))
                .containsExactly(new float[] {19 / 3f}, ROUNDING);
    }

    @Test
    void picksByBulyanInAnyOrder() {
        RandomGenerator random = new Seed(5).generator();
        double[][] deltas = new double[15][];
        for (int client = 0; client < deltas.length; client++) {
            deltas[client] = random.doubles(20).toArray();
        }
        double[][] turned = deltas.clone();
        Collections.reverse(Arrays.asList(turned));
        assertThat(combine(new Bulyan(3), turned)).containsExactly(combine(new Bulyan(3), deltas), ROUNDING);
    }

    /**
     * The limit was found by nested ternary search of the sum of distances, which shares nothing with Weiszfeld's
     * steps. One and three steps start at the coordinate-wise median (3, 3), no longer at the mean: arbitrary clients
     * can put the mean anywhere.
     */
    @Test
    void findsTheGeometricMedian() {
        assertThat(combine(new GeometricMedian(1, 1e-6, UpdateWeighting.uniform()), SEVEN))
                .containsExactly(new float[] {3.161768f, 2.714877f}, ROUNDING);
        assertThat(combine(new GeometricMedian(3, 1e-6, UpdateWeighting.uniform()), SEVEN))
                .containsExactly(new float[] {3.201605f, 2.50625f}, ROUNDING);
        assertThat(combine(new GeometricMedian(), SEVEN)).containsExactly(new float[] {3.146673f, 2.381819f}, ROUNDING);
        double[][] triangle = {{0, 0}, {1, 0}, {0, 1}};
        assertThat(combine(new GeometricMedian(500, 1e-6, UpdateWeighting.uniform()), triangle))
                .containsExactly(new float[] {0.2113249f, 0.2113249f}, within(1e-5f));
        for (double scale : new double[] {1e-3, 1e3, 1e12}) { // the start is an update, which is not the median
            assertThat(combine(
                            new GeometricMedian(), new double[] {0, 0}, new double[] {scale, 0}, new double[] {0, scale
                            }))
                    .containsExactly(
                            new float[] {(float) (.2113249 * scale), (float) (.2113249 * scale)},
                            within((float) (1e-5 * scale)));
        }
    }

    /** Of a weight of 21, the last two clients of six have 11. */
    @Test
    void medianFollowsTheWeight() {
        Aggregator weighted = new GeometricMedian(1000, 1e-6, UpdateWeighting.byExampleCount());
        double[][] deltas = {{1e30, 1}, {-1e30, 1}, {1e30, 1}, {1e30, -1}, {5, 1}, {5, 1}};
        assertThat(combine(weighted, deltas)).containsExactly(new float[] {5, 1}, within(1e-5f));
    }

    @Test
    void trimsAtMostSoMuchThatOneValueStays() {
        double[][] ten = column(1, 2, 3, 4, 5, 6, 7, 8, 9, 1000);
        assertThat(combine(new TrimmedMean(.49999999999), ten)).containsExactly(5.5f);
        assertThat(combine(new TrimmedMean(.49999999999), column(1, 2, 3))).containsExactly(2);
        assertThat(combine(new TrimmedMean(.49999999999), column(7))).containsExactly(7);
    }

    @Test
    void clipsAroundTheLastAggregate() {
        assertThat(combine(new CenteredClipping(1, 1), SEVEN))
                .containsExactly(new float[] {0.5524215f, 0.4584694f}, ROUNDING);
        assertThat(combine(new CenteredClipping(1, 3), SEVEN))
                .containsExactly(new float[] {1.600564f, 1.236071f}, ROUNDING);
        assertThat(combine(new CenteredClipping(5, 3), SEVEN))
                .containsExactly(new float[] {2.998454f, 2.808703f}, ROUNDING);

        ServerState first = state(vector(0, 0));
        Aggregate center = aggregate(new CenteredClipping(2, 1), first, new double[][] {{2, 0}, {2, 0}});
        Aggregate moved = aggregate(
                new CenteredClipping(2, 1),
                new ServerState(1, first.model(), center.strategy()),
                new double[][] {{4, 0}, {2, 6}});
        assertThat(values(moved.delta().orElseThrow())).containsExactly(new float[] {3, 1}, ROUNDING);
    }

    @Test
    void boundsNorms() {
        assertThat(combine(new NormBounding(4), SEVEN)).containsExactly(new float[] {1.870766f, 1.68334f}, ROUNDING);
    }

    @Test
    void weighsByTrust() {
        Aggregator trusting = new FLTrust((round, state) -> vector(2, 3));
        assertThat(combine(trusting, SEVEN)).containsExactly(new float[] {2.189724f, 2.253267f}, ROUNDING);
        assertThat(combine(trusting, new double[][] {{-2, -3}, {-1, 0}}))
                .containsExactly(new float[] {0, 0}, within(0f));
    }

    @Nested
    class FLTrustContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            // the plain mean of a common delta has its direction: only its length is the root's
            return new FLTrust((round, state) -> state.model().layout().hasBuffers()
                    ? vector(layoutWithBuffers(), .1, .2, .3, 9, 9)
                    : vector(new Seed(13).generator().doubles(20, -1, 1).toArray()));
        }
    }

    /** One example of slope 2: trusted training goes to it, and the run goes where both agree. */
    @Test
    void trustsWhatItTrainsOnItsOwnExamples() {
        Examples clean = new Examples(
                Tensors.create(manager, new float[] {1}, new Shape(1, 1)),
                Tensors.create(manager, new float[] {2}, new Shape(1, 1)));
        LearningTask line = new LearningTask(
                Network.of(new Layer.Dense(1)),
                new Shape(1),
                ExampleMeasure.squaredError(),
                Map.of(),
                (values, shape, fanIn, random) -> {});
        FLTrust.TrustedUpdate root = FLTrust.TrustedUpdate.onExamples(
                line, clean, LocalTraining.sgd(.1).epochs(1));
        try (RunResult result = Simulation.builder()
                .task(line)
                .data(new PartitionedDataset(clean, Partition.of(List.of(new int[] {0}))))
                .training(LocalTraining.sgd(.1))
                .selector((available, count, round, state) -> List.of(available.id(0)))
                .aggregator(new FLTrust(root))
                .cohortSize(1)
                .rounds(2)
                .build()
                .run()) {
            // from 0 a step of 0.1 along -2 (p - 2) is 0.4 in slope and intercept, then p is 0.8 and the step 0.24
            assertThat(result.state().model().floats().toFloatArray())
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(.64f, .64f);
        }
    }

    @Test
    void staysBoundedHoweverFarTheByzantineGo() {
        RandomGenerator random = new Seed(3).generator();
        List<Aggregator> rules = List.of(
                new TrimmedMean(.2),
                Krum.single(3),
                new Krum(3, 5),
                new Bulyan(3),
                new GeometricMedian(30, 1e-6, UpdateWeighting.uniform()),
                new CenteredClipping(5, 1),
                new NormBounding(5),
                new CoordinateMedian(),
                new FLTrust((round, state) -> vector(.1, .1, .1)));
        for (int run = 0; run < 20; run++) {
            double[][] deltas = new double[15][];
            for (int client = 0; client < deltas.length; client++) {
                double scale = client < 3 ? 1e12 : 1;
                deltas[client] = random.doubles(3, -scale, scale).toArray();
            }
            for (Aggregator rule : rules) {
                for (float value : combine(rule, deltas)) {
                    assertThat(value).as("%s", rule).isBetween(-6f, 6f);
                }
            }
        }
    }

    @Test
    void refusesFewerUpdatesThanTheirPromiseNeeds() {
        assertThatThrownBy(() -> combine(Krum.single(3), SEVEN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("updates for Krum with 3 byzantine clients must be at least 9, but was 7");
        assertThatThrownBy(() -> combine(new Bulyan(2), SEVEN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("updates for Bulyan with 2 byzantine clients must be at least 11, but was 7");
        assertThatThrownBy(() -> combine(new Krum(2, 6), SEVEN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("kept must be in [1, 5], but was 6");
        assertThatThrownBy(() -> new TrimmedMean(.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("share must be in [0, 0.5), but was 0.5");
    }
}
