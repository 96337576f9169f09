package org.fl4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class UpdateTransformTest extends TensorTest {
    /** Says that counts are hidden, as local privacy does. */
    private record Hiding() implements UpdateTransform {
        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            return update.with(update.receipt().withCounts(1, 1));
        }

        @Override
        public boolean hidesCounts() {
            return true;
        }
    }

    /** Else a rule that divides by steps would accept a chain whose steps all say 1. */
    @Test
    void aChainHidesWhatOneOfItHides() {
        UpdateTransform plain = UpdateTransform.none();
        assertThat(plain.andThen(new Hiding()).hidesCounts()).isTrue();
        assertThat(new Hiding().andThen(plain).hidesCounts()).isTrue();
        assertThat(plain.andThen(plain).hidesCounts()).isFalse();
        assertThat(new Hiding().andThen(plain).andThen(plain).hidesCounts()).isTrue();
        assertThatThrownBy(() -> plain.andThen(null)).hasMessage("next must not be null");
    }

    @Test
    void theSecondGetsWhatTheFirstMade() {
        UpdateTransform halved = (update, task) -> {
            ModelUpdate copy = update.withDelta(update.delta().copy());
            copy.delta().floats().muli(.5f);
            return copy;
        };
        UpdateTransform less = (update, task) -> {
            ModelUpdate copy = update.withDelta(update.delta().copy());
            copy.delta().floats().subi(1);
            return copy;
        };
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(1)), 0, vector(0));
        assertThat(values(halved.andThen(less)
                        .transform(update(1, 1, vector(8)), task)
                        .delta()))
                .containsExactly(3);
    }
}
