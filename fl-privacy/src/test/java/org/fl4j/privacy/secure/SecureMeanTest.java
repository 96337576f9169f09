package org.fl4j.privacy.secure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class SecureMeanTest extends TensorTest {
    private final Aggregator mean = new SecureMean(new FixedPoint(8, 1 << 22, 1000));

    /** Within the sum of rounding errors, one level a client. */
    @Test
    void isThePlainMeanToTheLevel() {
        Aggregation aggregation = mean.begin(round(), state(vector(0, 0, 0)));
        double[][] deltas = {{.5, -1.25, 3}, {2, 3, -7.9}, {-4, .75, .1}, {0, 0, 20}};
        for (int client = 0; client < 4; client++) {
            aggregation.add(update(3 * client, 1 + 50 * client, vector(deltas[client])));
        }
        float level = 16f / (1 << 22);
        assertThat(values(aggregation.combine().delta().orElseThrow()))
                .containsExactly(new float[] {-.375f, .625f, (3 - 7.9f + .1f + 8) / 4}, within(level));
    }

    @Test
    void takesPartsTogetherAndNeedsTwo() {
        Aggregation one = mean.begin(round(), state(vector(0)));
        Aggregation two = mean.begin(round(), state(vector(0)));
        one.add(update(0, 1, vector(1)));
        two.add(update(1, 1, vector(3)));
        one.merge(two);
        assertThat(values(one.combine().delta().orElseThrow())[0]).isCloseTo(2, within(1e-5f));
        assertThat(mean.minimumUpdates()).isEqualTo(2);
        assertThat(mean.begin(round(), state(vector(0))).combine().delta()).isEmpty();
        assertThatThrownBy(() -> mean.begin(round(), state(vector(layoutWithBuffers(), 0, 0, 0, 0, 0))))
                .hasMessageStartingWith("model under secure aggregation must be without buffers");
    }
}
