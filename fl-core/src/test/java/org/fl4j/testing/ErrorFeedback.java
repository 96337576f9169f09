package org.fl4j.testing;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.fl4j.core.Codec;
import org.fl4j.core.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/**
 * Adds to each delta what the encoding of the client's last one lost (Seide et al. 2014; Karimireddy et al. 2019, arXiv
 * 1901.09847, algorithm 2).
 *
 * @param codec the encoding, without a state of its own
 */
public record ErrorFeedback(Codec codec) implements Codec {
    private static final String LOST = "lost";

    @Override
    public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
        ParameterVector whole = delta.copy();
        sender.tensor(LOST).ifPresent(lost -> whole.trainable().addi(lost));
        Encoded encoded = codec.encode(whole, StrategyState.empty(), seed);
        ParameterVector received = codec.decode(encoded.arrays(), delta.layout(), StrategyState.empty())
                .delta();
        NDArray lost = whole.trainable().sub(received.trainable());
        return new Encoded(encoded.arrays(), StrategyState.empty().with(LOST, lost));
    }

    @Override
    public Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver) {
        return codec.decode(arrays, layout, receiver);
    }

    @Override
    public long plannedBytes(ParameterLayout layout) {
        return codec.plannedBytes(layout);
    }
}
