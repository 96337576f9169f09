package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.fl4j.core.Codec;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class ErrorFeedbackTest extends TensorTest {
    /** What was received and what the client still keeps are together what it wanted to send. */
    @Test
    void errorFeedbackLosesNothing() {
        ErrorFeedback codec = new ErrorFeedback(new VectorCodec(TopK.sparseTernary(.1)));
        ParameterLayout layout = new ParameterLayout.Builder()
                .add("w", new Shape(50), ParameterRole.TRAINABLE)
                .build();
        StrategyState sender = StrategyState.empty();
        float[] wanted = new float[50];
        float[] received = new float[50];
        for (int round = 0; round < 20; round++) {
            float[] values = Codes.heavy(50, round);
            ParameterVector delta =
                    new ParameterVector(layout, Tensors.create(manager, values, new Shape(50)), Optional.empty());
            Codec.Encoded encoded = codec.encode(delta, sender, new Seed(round));
            sender = encoded.sender();
            float[] sent = codec.decode(encoded.arrays(), layout, StrategyState.empty())
                    .delta()
                    .floats()
                    .toFloatArray();
            for (int i = 0; i < 50; i++) {
                wanted[i] += values[i];
                received[i] += sent[i];
            }
        }
        assertThat(Codes.squaredError(wanted, received)).isGreaterThan(1);
        float[] lost = sender.tensor("lost").orElseThrow().toFloatArray();
        for (int i = 0; i < 50; i++) {
            assertThat(received[i] + lost[i]).isEqualTo(wanted[i], within(1e-3f));
        }
    }

    @Test
    void refusesCodesThatMakeVectorsLonger() {
        assertThatThrownBy(() -> new ErrorFeedback(new VectorCodec(new Qsgd(1, Qsgd.Form.PAPER))))
                .hasMessageStartingWith("code under error feedback must be a contraction, such as top-k, stc or sign,");
    }
}
