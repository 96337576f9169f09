package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregation;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.TrainingFacts;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class FedNovaTest extends TensorTest {
    private static final FedNova PROXIMAL = new FedNova(UpdateWeighting.uniform(), 0, /* proximalTerm= */ .4);

    private ModelUpdate after(int client, int steps, float value) {
        ModelUpdate sent = update(client, 1, vector(value));
        return new ModelUpdate(
                        sent.client(),
                        sent.modelVersion(),
                        sent.exampleCount(),
                        steps,
                        sent.delta(),
                        sent.metrics(),
                        sent.attachments())
                .with(TrainingFacts.LEARNING_RATE, .5);
    }

    private float aggregate(FedNova nova, ModelUpdate... updates) {
        Aggregation aggregation = nova.begin(round(), state(vector(0)));
        for (ModelUpdate update : updates) {
            assertThat(aggregation.onModelUpdate(update)).isEqualTo(Admission.accepted());
            aggregation.add(update);
        }
        return values(aggregation.combine().delta().orElseThrow())[0];
    }

    /**
     * With alpha = 0.5 * 0.4 = 0.2, one step has the length 1 and three have 1 + 0.8 + 0.64 = 2.44; the mean is 1.72.
     */
    @Test
    void dividesByTheLengthOfProximalTraining() {
        assertThat(aggregate(PROXIMAL, after(0, 1, 3), after(1, 3, 4.88f))).isCloseTo(1.72f * 2.5f, within(1e-6f));
        assertThat(aggregate(new FedNova(UpdateWeighting.uniform(), 0), after(0, 1, 3), after(1, 3, 6)))
                .isCloseTo(2 * 2.5f, within(1e-6f));
    }

    /** A pull that is too strong turns around: of alpha = 2, every step counts in full, with changing signs. */
    @Test
    void countsStepsInFullUnderAPullThatTurnsThemAround() {
        FedNova strong = new FedNova(UpdateWeighting.uniform(), 0, /* proximalTerm= */ 4);
        assertThat(aggregate(strong, after(0, 1, 3), after(1, 3, 6))).isCloseTo(2 * 2.5f, within(1e-6f));
    }

    @Test
    void refusesWhatItHasNoLengthFor() {
        Aggregation aggregation = PROXIMAL.begin(round(), state(vector(0)));
        assertThat(aggregation.onModelUpdate(update(0, 1, vector(1))))
                .isEqualTo(new Admission.Rejected(
                        RejectionReason.REFUSED, "fact train/learning rate must be positive, but was NaN"));
        assertThat(aggregation.combine().delta()).isEqualTo(Optional.empty());
        assertThatThrownBy(() -> new FedNova(UpdateWeighting.uniform(), .9, .1))
                .hasMessage("localMomentum of FedNova must be 0 with a proximal term, for the length of training with"
                        + " both is not known, but was 0.9");
    }
}
