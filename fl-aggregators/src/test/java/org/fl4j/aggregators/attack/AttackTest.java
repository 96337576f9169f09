package org.fl4j.aggregators.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.aggregators.robust.CoordinateMedian;
import org.fl4j.aggregators.robust.Krum;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Values computed in float64 with numpy. */
class AttackTest extends TensorTest {
    private static final double[][] HONEST = {{2, 1}, {1, 5}, {3, 1}, {5, 5}, {5, 3}};

    @Nested
    class Passive extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new Byzantine(new FedAvg(), Attack.signFlip(), 0);
        }
    }

    private float[] forged(Attack attack) {
        List<ModelUpdate> honest = new ArrayList<>();
        for (int i = 0; i < HONEST.length; i++) {
            honest.add(update(2 + i, 10, vector(HONEST[i])));
        }
        return attack.forge(update(0, 10, vector(.5, -2)), honest, 2, new Seed(1))
                .toFloatArray();
    }

    @Test
    void forgesWhatThePapersSay() {
        assertThat(forged(Attack.signFlip())).containsExactly(-.5f, 2);
        assertThat(forged(Attack.scaling(10))).containsExactly(5, -20);
        assertThat(forged(Attack.innerProduct(.5)))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(-1.6f, -1.5f);
        assertThat(forged(Attack.innerProduct(2)))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(-6.4f, -6);
        assertThat(forged(Attack.littleIsEnough()))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(2.794645f, 2.546799f);
    }

    @Test
    void hidesAsFarOutAsItsSupportersAllow() {
        assertThat(Attack.hidden(7, 2)).isCloseTo(.2533471031358, within(1e-12));
        assertThat(Attack.hidden(50, 12)).isCloseTo(.3360381404, within(1e-10));
        assertThat(Attack.hidden(20, 4)).isCloseTo(.1573106846, within(1e-10));
        assertThat(Attack.hidden(100, 20)).isCloseTo(.2858408749, within(1e-10));
    }

    /** Mean and deviation of 4,000 draws of N(0, 9), at five standard errors. */
    @Test
    void drawsNoiseFromTheSeed() {
        ModelUpdate own = update(0, 10, vector(new double[4000]));
        NDArray noise = Attack.gaussian(3).forge(own, List.of(own), 1, new Seed(5));
        assertThat(noise.mean().getFloat()).isCloseTo(0, within(5 * 3 / 63f));
        assertThat(noise.square().mean().getFloat()).isCloseTo(9, within(5 * 9 * .0224f));
        assertThat(Attack.gaussian(3).forge(own, List.of(own), 1, new Seed(5)).toFloatArray())
                .containsExactly(noise.toFloatArray());
        assertThat(Attack.gaussian(3).forge(own, List.of(own), 1, new Seed(6)).toFloatArray())
                .isNotEqualTo(noise.toFloatArray());
    }

    private float[] combined(Aggregator aggregator) {
        Aggregation aggregation = aggregator.begin(round(), state(vector(0)));
        for (int client = 0; client < 5; client++) {
            aggregation.add(update(client, 10, vector(client)));
        }
        return values(aggregation.combine().delta().orElseThrow());
    }

    @Test
    void attacksTheFirstClientsOnly() {
        Aggregator mean = new FedAvg(UpdateWeighting.uniform());
        assertThat(combined(new Byzantine(mean, Attack.scaling(100), 2)))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly((0 + 100 + 2 + 3 + 4) / 5f);
        assertThat(combined(new Byzantine(new CoordinateMedian(), Attack.scaling(100), 2)))
                .containsExactly(3);
        assertThat(combined(new Byzantine(mean, Attack.scaling(100), 9))).containsExactly(2); // nobody to learn from
    }

    /** What is infinite the server would have rejected; with too few left the defence makes nothing of the round. */
    @Test
    void aForgeryThatIsNotFiniteCountsAsNone() {
        Aggregator defended = new Byzantine(Krum.single(1), Attack.scaling(1e39), 2);
        Aggregation aggregation = defended.begin(round(), state(vector(0)));
        for (int client = 0; client < 5; client++) {
            aggregation.add(update(client, 10, vector(1 + client)));
        }
        assertThat(aggregation.combine().delta()).isEmpty();
        assertThat(defended.minimumUpdates()).isEqualTo(5);
    }

    @Test
    void poisonsLabelsAndPixels() {
        Examples clean =
                new Examples(manager.zeros(new Shape(4, 1, 3, 3)), Tensors.create(manager, new long[] {0, 1, 8, 9}));
        PartitionedDataset data =
                new PartitionedDataset(clean, Partition.of(List.of(new int[] {0, 2}, new int[] {1, 3})));
        PoisonedDataset flipped = new PoisonedDataset(data, Poison.labelFlip(10), 1);
        ClientExamples liar = flipped.examples(new ClientId(0), Device.cpu());
        assertThat(liar.gather(manager).labels().toLongArray()).containsExactly(9, 1);
        ClientExamples honest = flipped.examples(new ClientId(1), Device.cpu());
        assertThat(honest.gather(manager).labels().toLongArray()).containsExactly(1, 9);
        assertThat(clean.labels().toLongArray()).containsExactly(0, 1, 8, 9);
        assertThat(flipped.sharesExamplesWith(data)).isTrue();

        Examples marked = Poison.trigger(2, 1, 7).poisoned(clean);
        assertThat(marked.labels().toLongArray()).containsExactly(7, 7, 7, 7);
        assertThat(marked.features().get(0).toFloatArray()).containsExactly(0, 0, 0, 0, 1, 1, 0, 1, 1);
        Examples half = Poison.trigger(2, 1, 7).oneOf(2).poisoned(clean);
        assertThat(half.labels().toLongArray()).containsExactly(7, 1, 7, 9);
        assertThat(half.features().get(1).toFloatArray()).containsOnly(0);
        assertThat(half.features().get(2).toFloatArray()).containsExactly(0, 0, 0, 0, 1, 1, 0, 1, 1);
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> Attack.gaussian(0)).hasMessage("deviation must be positive and finite, but was 0.0");
        assertThatThrownBy(() -> new Byzantine(new FedAvg(), Attack.signFlip(), -1))
                .hasMessage("clients must be at least 0, but was -1");
        assertThatThrownBy(() -> Poison.labelFlip(0)).hasMessage("classes must be at least 1, but was 0");
    }
}
