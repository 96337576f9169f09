package org.fl4j.compression;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Codec;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/**
 * EF21 (Richtarik et al. 2021, arXiv 2106.05203, algorithm 2), and with fewer than all clients a round EF21-PP
 * (Fatkhullin et al. 2021, arXiv 2110.03294, algorithm 4). Client i keeps an estimate g_i of its delta, at first 0. It
 * sends {@code c_i = C(delta_i - g_i)} and adds that to g_i. The server keeps the mean g of all g_i: it adds {@code c_i
 * / N} of each client of the cohort, for N clients in all, and moves by g.
 *
 * <p>Deviations: the delta of a local training takes the place of one gradient times the step size; they are the same
 * when a client trains one step. Buffers are averaged.
 *
 * @param codec the compressor C: a contraction
 */
public record Ef21(VectorCodec codec) implements Algorithm {
    private static final String ESTIMATE = "ef21/estimate";

    /** Checks that the estimates cannot run away. */
    public Ef21 {
        ErrorFeedback.requireContraction("code under EF21", codec);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.aggregator(aggregator()).codec(new Changes(codec));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new MeanEstimate(codec);
    }

    private record MeanEstimate(VectorCodec codec) implements Aggregator {
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.uniform(), state, List.of(), mean -> {
                NDArray estimate = mean.delta().trainable();
                estimate.muli((double) mean.count() / round.clientCount());
                state.strategy().tensor(ESTIMATE).ifPresent(estimate::addi);
                StrategyState next = state.strategy().with(ESTIMATE, estimate.duplicate());
                return new Aggregate(Optional.of(mean.delta()), next, Metrics.none());
            });
        }
    }

    /** What a client sends: its change against the estimate that it keeps. */
    record Changes(VectorCodec codec) implements Codec {
        @Override
        public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
            Optional<NDArray> estimate = sender.tensor(ESTIMATE);
            ParameterVector change = delta.copy();
            estimate.ifPresent(change.trainable()::subi);
            Encoded encoded = codec.encode(change, StrategyState.empty(), seed);
            NDArray next = decode(encoded.arrays(), delta.layout(), StrategyState.empty())
                    .delta()
                    .trainable();
            estimate.ifPresent(next::addi);
            return new Encoded(encoded.arrays(), StrategyState.empty().with(ESTIMATE, next));
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
}
