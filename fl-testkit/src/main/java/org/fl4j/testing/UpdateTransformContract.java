package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Test;

/** What every {@link UpdateTransform} promises. */
public abstract class UpdateTransformContract extends TensorTest {
    /** Returns the transform under test. */
    protected abstract UpdateTransform transform();

    private ParameterVector delta() {
        return vector(layoutWithBuffers(), 30, -40, 50, 7, 8);
    }

    private ModelUpdate sent(ModelUpdate update) {
        return transform().transform(update, new TrainingTask(round().ticket(new ClientId(3)), 0, delta()));
    }

    @Test
    void leavesTheUpdateItWasGivenAsItWas() {
        ModelUpdate update = update(3, 5, delta());
        sent(update);
        assertThat(values(update.delta())).containsExactly(values(delta()));
    }

    @Test
    void leavesSenderVersionAndCountsAlone() {
        ModelUpdate sent = sent(update(3, 5, delta()));
        assertThat(sent.client()).isEqualTo(new ClientId(3));
        assertThat(sent.modelVersion()).isZero();
        assertThat(sent.exampleCount()).isEqualTo(5);
        assertThat(sent.delta().layout()).isEqualTo(layoutWithBuffers());
    }

    @Test
    void leavesBuffersAlone() {
        assertThat(Arrays.copyOfRange(values(sent(update(3, 5, delta())).delta()), 3, 5))
                .containsExactly(7, 8);
    }

    @Test
    void givesTheSameBitsForTheSameTask() {
        assertThat(values(sent(update(3, 5, delta())).delta()))
                .containsExactly(values(sent(update(3, 5, delta())).delta()));
    }
}
