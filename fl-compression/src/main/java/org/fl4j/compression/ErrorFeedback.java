package org.fl4j.compression;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Codec;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/**
 * Adds to each delta of a client what the encoding of its last accepted one lost (Seide et al. 2014; Stich et al. 2018,
 * arXiv 1809.07599; Karimireddy et al. 2019, arXiv 1901.09847, algorithm 2). Clients keep one vector each. For codes
 * that are a {@linkplain VectorCode.Loss#CONTRACTION contraction}: with others what is lost can grow without bound.
 *
 * @param codec the encoding
 */
public record ErrorFeedback(VectorCodec codec) implements Codec {
    private static final String LOST = "lost";

    /** Checks that what is lost cannot grow. */
    public ErrorFeedback {
        requireContraction("code under error feedback", codec);
    }

    static void requireContraction(String name, VectorCodec codec) {
        Check.that(
                Check.present("codec", codec).code().loss() == VectorCode.Loss.CONTRACTION,
                name,
                "a contraction, such as top-k, stc or sign",
                codec.code());
    }

    @Override
    public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
        NDArray left = sender.tensor(LOST)
                .map(lost -> lost.add(delta.trainable()))
                .orElseGet(() -> delta.trainable().duplicate());
        Optional<byte[]> written = codec.written(left, delta.layout(), seed);
        written.ifPresent(code -> codec.add(left, -1, delta.layout(), code));
        return new Encoded(codec.arrays(delta, written), StrategyState.empty().with(LOST, left));
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
