package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.ClientQuery;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * MIME with SGD and momentum (Karimireddy et al. 2020, arXiv 2008.03606, algorithm 1). A round has two exchanges: the
 * clients of the cohort first send the gradient of all their examples at the server's model x, whose mean is c. A local
 * step is then {@code w -= rate ((1 - beta) (g(w) - g(x) + c) + beta m)}, with g the gradient of the step's batch, and
 * after the round {@code m = beta m + (1 - beta) c}. See {@link MimeLite} for one exchange and half the gradients.
 *
 * <p>Deviations: none. Where nobody answers the first exchange, steps are those of {@link MimeLite}.
 *
 * @param momentum beta, in [0, 1)
 */
public record Mime(double momentum) implements Algorithm {
    private static final String MOMENTUM = "mime/momentum";
    private static final String CONTROL = "mime/control";

    /** Checks beta. */
    public Mime {
        Check.fraction("momentum", momentum);
    }

    /** The gradient of the mean loss of all examples of a client, at the model it was sent. */
    record FullGradient() implements ClientQuery {
        static final String NAME = "full-gradient";

        @Override
        public Map<String, NDArray> answer(TrainingTask task, LocalModel model, ClientExamples examples) {
            Examples all = examples.gather(model.manager());
            return Map.of(
                    CONTROL,
                    model.gradient(
                                    all.features(),
                                    predictions -> model.task().loss().perExample(predictions, all.labels()))
                            .gradient());
        }
    }

    @Override
    public Parts on(Parts parts) {
        double beta = momentum;
        return parts.aggregator(aggregator())
                .server(CohortQuery.around(Asking::new))
                .sgdClients((id, worker, training) -> new CorrectedClient(id, worker, training, beta));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new MimeAggregator(momentum);
    }

    private static final class Asking extends CohortQuery {
        Asking(Server inner) {
            super(inner, FullGradient.NAME, /* readsModel= */ true);
        }

        @Override
        public ServerState answered(ServerState state, Query asked, Iterable<ModelUpdate> answers, RoundContext round) {
            List<NDArray> sum = new ArrayList<>();
            int count = 0;
            for (ModelUpdate answer : answers) {
                NDArray gradient = answer.attachment(CONTROL)
                        .toDevice(state.model().floats().getDevice(), /* copy= */ false);
                Check.that(
                        gradient.getShape().equals(state.model().trainable().getShape()),
                        "gradient that " + answer.client() + " answers",
                        "of shape " + state.model().trainable().getShape(),
                        gradient.getShape());
                if (count++ == 0) {
                    sum.add(gradient.duplicate());
                } else {
                    sum.get(0).addi(gradient);
                }
            }
            StrategyState before = state.strategy().without(CONTROL);
            return state.withStrategy(
                    count == 0 ? before : before.with(CONTROL, sum.get(0).divi(count)));
        }
    }

    private record MimeAggregator(double momentum) implements Aggregator {
        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            Map<String, NDArray> both = new TreeMap<>();
            state.strategy().tensor(MOMENTUM).ifPresent(m -> both.put(MOMENTUM, m));
            state.strategy().tensor(CONTROL).ifPresent(c -> both.put(CONTROL, c));
            return both;
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.uniform(), state, List.of(), mean -> {
                StrategyState before = state.strategy();
                StrategyState next = before.tensor(CONTROL)
                        .map(control -> {
                            NDArray m = control.mul(1 - momentum);
                            before.tensor(MOMENTUM).ifPresent(last -> Kernels.addScaled(m, last, momentum));
                            return before.with(MOMENTUM, m);
                        })
                        .orElse(before);
                return new Aggregate(Optional.of(mean.delta()), next, Metrics.none());
            });
        }
    }

    private static final class CorrectedClient extends SgdClient {
        private final double momentum;
        private Optional<NDArray> control = Optional.empty();

        CorrectedClient(ClientId id, Worker worker, LocalTraining training, double momentum) {
            super(id, worker, training.learningRate(training.learningRate().times(1 - momentum)));
            boolean plain = training.optimizer() instanceof ClientOptimizer.Sgd sgd && sgd.momentum() == 0;
            Check.that(plain, "optimizer of MIME's clients", "SGD without momentum of its own", training.optimizer());
            this.momentum = momentum;
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            control = task.attachment(CONTROL, worker().device());
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            return task.attachment(MOMENTUM, worker().device()).map(m -> m.mul(momentum / (1 - momentum)));
        }

        @Override
        protected void afterBackward(LocalStep step) {
            control.ifPresent(mean -> {
                ParameterVector received = step.task().model().on(worker().device());
                NDArray here = step.parameters().duplicate();
                Kernels.copy(received.trainable(), step.parameters());
                step.gradient().subi(gradient(step.batch().positions())).addi(mean);
                Kernels.copy(here, step.parameters());
            });
        }
    }
}
