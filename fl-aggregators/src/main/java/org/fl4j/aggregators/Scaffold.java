package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
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
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * SCAFFOLD (Karimireddy et al. 2020, arXiv 1910.06378, algorithm 1). Each client i keeps a control variate c_i, the
 * server c, their mean; a local step is {@code w -= rate (g - c_i + c)}, which removes the drift of unlike clients.
 * After K steps c_i becomes, by option I, the gradient of the client's data at the received model, or by option II
 * {@code c_i - c - delta / (K rate)}. The server moves by the plain mean of the deltas (times its learning rate, see
 * {@link org.fl4j.server.AddDelta}), and c by the cohort's share of the clients times the mean change of c_i.
 *
 * <p>Deviations: none. Control variates cover trainable parameters; buffers are averaged.
 *
 * @param option how a client's control variate is renewed
 */
public record Scaffold(Option option) implements Algorithm {
    private static final String CONTROL = "scaffold/control";

    /** How a client's control variate is renewed. */
    public enum Option {
        /** By the gradient at the received model: one more pass over the client's data. */
        GRADIENT_AT_RECEIVED_MODEL,
        /** By the path of local training: no more work. Needs plain SGD. */
        LOCAL_PATH
    }

    private static final Slot SLOT = Slot.ofClient("scaffold");

    /** Checks for presence. */
    public Scaffold {
        Check.present("option", option);
    }

    /** Takes option II, as the experiments of the paper do. */
    public Scaffold() {
        this(Option.LOCAL_PATH);
    }

    @Override
    public Parts on(Parts parts) {
        Option chosen = option;
        return parts.aggregator(aggregator())
                .sgdClients(SgdClientFactory.ofOneClass(
                        ControlledClient.class,
                        (id, worker, training) -> new ControlledClient(id, worker, training, chosen)));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new ScaffoldAggregator(this);
    }

    private record ScaffoldAggregator(Scaffold scaffold) implements Aggregator {
        @Override
        public boolean readsAttachments() {
            return true;
        }

        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            return state.strategy()
                    .tensor(CONTROL)
                    .map(control -> Map.of(CONTROL, control))
                    .orElse(Map.of());
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.uniform(), state, List.of(CONTROL), mean -> {
                NDArray control = mean.attachment(CONTROL).muli((double) mean.count() / round.clientCount());
                state.strategy().tensor(CONTROL).ifPresent(control::addi);
                return new Aggregate(
                        Optional.of(mean.delta()), state.strategy().with(CONTROL, control), Metrics.none());
            });
        }
    }

    private static final class ControlledClient extends SgdClient {
        private final Option option;
        private Optional<NDArray> gradient = Optional.empty();
        private Optional<NDArray> own = Optional.empty(); // its control variate before this round

        ControlledClient(ClientId id, Worker worker, LocalTraining training, Option option) {
            super(id, worker, training);
            this.option = option;
            boolean plain = training.optimizer() instanceof ClientOptimizer.Sgd sgd
                    && sgd.momentum() == 0
                    && training.gradientClip().isEmpty()
                    && training.proximalTerm() == 0;
            Check.that(
                    option != Option.LOCAL_PATH || plain,
                    "training of SCAFFOLD by the local path",
                    "SGD without momentum, clipping or proximal term, for the path must be the sum of gradients",
                    training);
        }

        private Optional<NDArray> common(TrainingTask task) {
            return task.attachment(CONTROL, worker().device());
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (option == Option.GRADIENT_AT_RECEIVED_MODEL) {
                gradient = Optional.of(fullGradient());
            }
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            NDArray before = kept(SLOT)
                    .flatMap(state -> state.tensor(CONTROL))
                    .orElseGet(() -> worker().model().parameters().trainable().zerosLike());
            own = Optional.of(before);
            NDArray correction = before.neg();
            common(task).ifPresent(correction::addi);
            return Optional.of(correction);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            NDArray before = own.orElseThrow();
            NDArray renewed = gradient.orElseGet(() -> {
                double rate = training().learningRate().at(task.round());
                NDArray path = before.duplicate();
                common(task).ifPresent(path::subi);
                Kernels.addScaled(path, update.delta().trainable(), -1 / (rate * Math.max(1, update.localSteps())));
                return path;
            });
            keep(SLOT, StrategyState.empty().with(CONTROL, renewed));
            return update.withAttachment(CONTROL, renewed.sub(before));
        }
    }
}
