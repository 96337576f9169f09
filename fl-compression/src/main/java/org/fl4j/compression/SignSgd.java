package org.fl4j.compression;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * signSGD with majority vote (Bernstein et al. 2018, arXiv 1802.04434, algorithm 3). Each client sends one bit a
 * parameter, the sign of what it would change; the server moves each parameter by the learning rate in the direction
 * that most clients want, and not at all when they are even. With momentum it is Signum (Bernstein et al. 2019, arXiv
 * 1810.05291, algorithm 1): clients send the signs of {@code m = momentum m + (1 - momentum) delta}, and keep m.
 *
 * <p>Deviations: the delta of a local training takes the place of one gradient; they are the same when a client trains
 * one step. Clients are sent the whole model, and not the votes. A value of exactly zero votes by a coin, for one bit
 * cannot abstain. Buffers are averaged.
 *
 * @param learningRate of the server, positive
 * @param momentum of the clients, in [0, 1)
 */
public record SignSgd(double learningRate, double momentum) implements Algorithm {
    private static final Slot SLOT = Slot.ofClient("signsgd");
    private static final String MOMENTUM = "signsgd/momentum";

    /** Checks both. */
    public SignSgd {
        Check.positive("learningRate", learningRate);
        Check.fraction("momentum", momentum);
    }

    @Override
    public Parts on(Parts parts) {
        double beta = momentum;
        Parts voting = parts.aggregator(aggregator()).codec(new VectorCodec(new Signs()));
        return beta == 0
                ? voting
                : voting.sgdClients(SgdClientFactory.ofOneClass(
                        MomentumClient.class,
                        (id, worker, training) -> new MomentumClient(id, worker, training, beta)));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new Majority(learningRate);
    }

    private record Majority(double learningRate) implements Aggregator {
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new Votes(new WeightedMean(UpdateWeighting.uniform(), state, List.of(), mean -> {
                NDArray won = mean.delta().trainable().sign().muli(learningRate);
                Kernels.copy(won, mean.delta().trainable());
                return Aggregate.of(Optional.of(mean.delta()), state);
            }));
        }
    }

    /** The mean of signs, whoever sends more than signs. */
    private record Votes(WeightedMean mean) implements Aggregation {
        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            return mean.onModelUpdate(update);
        }

        @Override
        public void add(ModelUpdate update) {
            ParameterVector vote = update.delta().copy();
            Kernels.copy(vote.trainable().sign(), vote.trainable());
            mean.add(update.withDelta(vote));
        }

        @Override
        public void merge(Aggregation other) {
            mean.merge(((Votes) other).mean);
        }

        @Override
        public Aggregate combine() {
            return mean.combine();
        }
    }

    private static final class MomentumClient extends SgdClient {
        private final double momentum;

        MomentumClient(ClientId id, Worker worker, LocalTraining training, double momentum) {
            super(id, worker, training);
            this.momentum = momentum;
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            NDArray next = update.delta().trainable().mul(1 - momentum);
            kept(SLOT)
                    .flatMap(state -> state.tensor(MOMENTUM))
                    .ifPresent(before -> Kernels.addScaled(next, before, momentum));
            keep(SLOT, StrategyState.empty().with(MOMENTUM, next));
            ParameterVector sent = update.delta().copy();
            Kernels.copy(next, sent.trainable());
            return update.withDelta(sent);
        }
    }
}
