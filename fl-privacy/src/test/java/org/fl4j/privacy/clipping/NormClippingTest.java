package org.fl4j.privacy.clipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.random.RandomGenerator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.random.Seed;
import org.fl4j.testing.UpdateTransformContract;
import org.junit.jupiter.api.Test;

class NormClippingTest extends UpdateTransformContract {
    @Override
    protected UpdateTransform transform() {
        return new NormClipping(1);
    }

    private ModelUpdate clip(double bound, double... delta) {
        ModelUpdate update = update(0, 1, vector(delta));
        return new NormClipping(bound)
                .transform(update, new TrainingTask(round().ticket(new ClientId(0)), 0, update.delta()));
    }

    @Test
    void scalesALongUpdateDownToTheBound() {
        ModelUpdate clipped = clip(1, 3, 4, 0, 12);
        assertThat(values(clipped.delta()))
                .usingComparatorWithPrecision(2e-6f)
                .containsExactly(3 / 13f, 4 / 13f, 0, 12 / 13f);
        assertThat(clipped.facts().get(TrainingFacts.UPDATE_NORM)).isCloseTo(13, within(1e-6));
        assertThat(clipped.metrics().value("train/clipped")).isEqualTo(1);
    }

    @Test
    void passesAShortUpdateAsItIs() {
        ModelUpdate kept = clip(5, 3, 4);
        assertThat(values(kept.delta())).containsExactly(3, 4);
        assertThat(kept.metrics().value("train/clipped")).isZero();
    }

    @Test
    void neverLeavesAnUpdateAboveTheBound() {
        RandomGenerator random = new Seed(1).generator();
        for (int i = 0; i < 10_000; i++) {
            double scale = Math.pow(10, random.nextDouble(-6, 6));
            double[] delta = random.doubles(50).map(x -> (x - .5) * scale).toArray();
            double bound = Math.pow(10, random.nextDouble(-3, 3));
            float[] clipped = values(clip(bound, delta).delta());
            double square = 0;
            for (float value : clipped) {
                square += (double) value * value;
            }
            assertThat(Math.sqrt(square)).isLessThanOrEqualTo(bound);
            assertThat(sumOfMagnitudes(bound, delta)).isLessThanOrEqualTo(bound);
        }
    }

    @Test
    void leavesABrokenUpdateToTheServerToReject() {
        ModelUpdate broken = update(0, 1, vector(Double.POSITIVE_INFINITY, 1));
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(0)), 0, vector(0, 0));
        assertThat(new NormClipping(1).transform(broken, task).delta().isFinite())
                .isFalse();
    }

    @Test
    void refusesABoundThatIsNotPositive() {
        assertThatThrownBy(() -> new NormClipping(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("clippingBound must be positive and finite, but was 0.0");
        assertThatThrownBy(() -> new NormClipping(Double.NaN)).hasMessageEndingWith("but was NaN");
    }

    private double sumOfMagnitudes(double bound, double... delta) {
        ModelUpdate update = update(0, 1, vector(delta));
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(0)), 0, update.delta());
        double sum = 0;
        for (float value :
                values(new NormClipping(bound, 1).transform(update, task).delta())) {
            sum += Math.abs((double) value);
        }
        return sum;
    }
}
