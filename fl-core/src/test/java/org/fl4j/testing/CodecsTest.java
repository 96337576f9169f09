package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import org.fl4j.core.Codec;
import org.fl4j.core.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class CodecsTest {
    @Nested
    class HalfPrecisionTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new HalfPrecision();
        }
    }

    @Nested
    class ErrorFeedbackTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new ErrorFeedback(new HalfPrecision());
        }

        /** One third in binary16 is 0.33325195...; what is lost is sent when it adds up to a step. */
        @Test
        void whatIsLostIsSentLater() {
            ParameterLayout layout = new ParameterLayout.Builder()
                    .add("weight", new Shape(1), ParameterRole.TRAINABLE)
                    .build();
            ParameterVector delta = vector(layout, 1.0 / 3);
            StrategyState sender = StrategyState.empty();
            double plain = 0;
            double corrected = 0;
            for (int round = 0; round < 100; round++) {
                plain += new HalfPrecision()
                        .decode(
                                new HalfPrecision()
                                        .encode(delta, StrategyState.empty(), new Seed(0))
                                        .arrays(),
                                layout,
                                StrategyState.empty())
                        .delta()
                        .floats()
                        .getFloat(0);
                Codec.Encoded encoded = codec().encode(delta, sender, new Seed(round));
                sender = encoded.sender();
                corrected += codec().decode(encoded.arrays(), layout, StrategyState.empty())
                        .delta()
                        .floats()
                        .getFloat(0);
            }
            assertThat(plain).isEqualTo(33.3251953125, within(1e-9)); // 100 times 1365 / 4096
            assertThat(corrected).isEqualTo(100.0 / 3, within(3e-4)); // one step of binary16 below 0.5
        }
    }
}
