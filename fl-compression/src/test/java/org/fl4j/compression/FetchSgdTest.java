package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.util.random.RandomGenerator;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FetchSgdTest extends TensorTest {
    private static final int SIZE = 200;
    private static final Seed HASHES = new Seed(0).derive("fetchsgd");
    private static final CountSketch SKETCH = new CountSketch(3, .6);
    private static final FetchSgd ALGORITHM = new FetchSgd(SKETCH, .02, .5, .9);
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(400, 200, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static float[] drawn(long seed) {
        RandomGenerator random = new Seed(seed).generator();
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (float) random.nextGaussian() * (i % 50 == 0 ? 20 : .1f);
        }
        return values;
    }

    private ModelUpdate sent(int client, float... values) {
        float[] sums = SKETCH.sums(values, HASHES);
        return update(client, client + 1, vector(new double[SIZE]))
                .withoutDelta()
                .withAttachment("fetchsgd/sketch", Tensors.create(manager, sums, new Shape(sums.length)));
    }

    private Aggregation begin(StrategyState strategy) {
        ServerState state = state(vector(new double[SIZE])).withStrategy(strategy);
        return ALGORITHM.aggregator().begin(round(), state);
    }

    /** Three rounds of two clients, in float64 and without tensors. */
    @Test
    void isTheAlgorithmOfThePaper() {
        double[] velocity = new double[SKETCH.sumCount(SIZE)];
        double[] error = velocity.clone();
        StrategyState strategy = StrategyState.empty();
        for (int round = 0; round < 3; round++) {
            float[] one = drawn(2L * round);
            float[] other = drawn(2L * round + 1);
            Aggregation left = begin(strategy);
            Aggregation right = begin(strategy);
            left.add(sent(0, one));
            right.add(sent(1, other));
            left.merge(right);
            Aggregate aggregate = left.combine();
            float[] ofOne = SKETCH.sums(one, HASHES);
            float[] ofOther = SKETCH.sums(other, HASHES);
            float[] seen = new float[error.length];
            for (int i = 0; i < error.length; i++) {
                velocity[i] = .9 * velocity[i] + (ofOne[i] + (double) ofOther[i]) / 2;
                error[i] += .5 * velocity[i];
                seen[i] = (float) error[i];
            }
            float[] move = largest(SKETCH.estimates(SIZE, seen, HASHES), 4);
            float[] moved = SKETCH.sums(move, HASHES);
            for (int i = 0; i < error.length; i++) {
                error[i] -= moved[i];
            }
            assertThat(values(aggregate.delta().orElseThrow()))
                    .usingComparatorWithPrecision(1e-4f)
                    .containsExactly(move);
            strategy = aggregate.strategy();
        }
    }

    private static float[] largest(float[] values, int count) {
        float[] rest = values.clone();
        float[] kept = new float[values.length];
        for (int n = 0; n < count; n++) {
            int best = 0;
            for (int i = 1; i < rest.length; i++) {
                best = Math.abs(rest[i]) > Math.abs(rest[best]) ? i : best;
            }
            kept[best] = rest[best];
            rest[best] = 0;
        }
        return kept;
    }

    @Test
    void doesNothingWithoutUpdatesAndRefusesOtherSketches() {
        assertThat(begin(StrategyState.empty()).combine().delta()).isEmpty();
        Admission missing = begin(StrategyState.empty()).onModelUpdate(update(0, 1, vector(new double[SIZE])));
        assertThat(missing)
                .isInstanceOfSatisfying(
                        Admission.Rejected.class,
                        rejected -> assertThat(rejected.detail())
                                .isEqualTo("attachment fetchsgd/sketch must be there, of shape (120), but was not"));
        ModelUpdate small = sent(0, new float[SIZE])
                .withAttachment("fetchsgd/sketch", Tensors.create(manager, new float[3], new Shape(3)));
        assertThat(begin(StrategyState.empty()).onModelUpdate(small))
                .isInstanceOfSatisfying(
                        Admission.Rejected.class,
                        rejected -> assertThat(rejected.detail()).endsWith("but was of shape (3)"));
        assertThat(begin(StrategyState.empty()).onModelUpdate(sent(0, new float[SIZE])))
                .isInstanceOf(Admission.Accepted.class);
    }

    private static SimulationBuilder run() {
        return SmallRuns.softmax(digits, 4)
                .testData(digits.test())
                .selector(SmallRuns.FIRST)
                .cohortSize(4)
                .rounds(2);
    }

    @Test
    void learnsFromSketches() {
        try (RunResult result = run().training(LocalTraining.sgd(.1).fullBatch())
                .algorithm(new FetchSgd(new CountSketch(5, .5), .01, 1, .9))
                .rounds(60)
                .build()
                .run()) {
            assertThat(result.finalMetrics().value("test/accuracy")).isGreaterThan(.4);
            assertThat(result.history().get(0).bytesUp()).isEqualTo(4 * 4 * 5 * (7850 / 10));
        }
    }

    private record Halving() implements UpdateTransform {
        @Override
        public boolean readsDelta() {
            return true;
        }

        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            ParameterVector delta = update.delta().copy();
            delta.floats().muli(.5);
            return update.withDelta(delta);
        }
    }

    @Test
    void refusesWhatItCannotSketch() {
        LearningTask withStatistics = LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.BatchNorm(), new Layer.Dense(10)), new Shape(1, 28, 28));
        assertThatThrownBy(() -> run().task(withStatistics).algorithm(ALGORITHM).build())
                .hasMessageStartingWith("model under FetchSGD must be one without buffers");
        assertThatThrownBy(() -> run().algorithm(ALGORITHM)
                        .uploadTransform(new Halving())
                        .build())
                .hasMessageStartingWith(
                        "aggregator of a run with an uploadTransform that reads deltas must be one that reads them");
        assertThatThrownBy(() -> run().algorithm(ALGORITHM)
                        .codec(new VectorCodec(new TopK(.5)))
                        .build())
                .hasMessageStartingWith("aggregator of a run with a codec must be one that reads deltas");
        assertThatThrownBy(() -> new FetchSgd(SKETCH, 0, 1, .9)).hasMessageStartingWith("k must be");
        assertThatThrownBy(() -> new FetchSgd(new CountSketch(5, .5), .2, 1, .9))
                .hasMessageStartingWith("k must be at most the share of columns in a row of the sketch, 0.1,");
        assertThatThrownBy(() -> new FetchSgd(SKETCH, .1, 0, .9)).hasMessageStartingWith("learningRate must be");
        assertThatThrownBy(() -> new FetchSgd(SKETCH, .1, 1, 1)).hasMessageStartingWith("momentum must be");
    }
}
