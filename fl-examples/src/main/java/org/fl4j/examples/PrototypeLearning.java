package org.fl4j.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Examples;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partitioners;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.Kernels;

/**
 * FedProto (Tan et al. 2022, arXiv 2105.00243): no model travels. Each client keeps a model of its own and sends the
 * mean output of a hidden layer for each class; the server averages these prototypes, and clients are pulled to them.
 *
 * @param pull lambda of the paper, at least 0
 */
public record PrototypeLearning(double pull) implements Algorithm {
    private static final String SUMS = "prototypes/sums";
    private static final String MEANS = "prototypes/means";
    private static final int CLASSES = 10;
    private static final int UNITS = 100;
    private static final Slot MODEL = Slot.ofClient("prototypes-model");

    @Override
    public Parts on(Parts parts) {
        Expression away = Expression.output("features").minus(Expression.perExample("prototype"));
        Expression loss = Expression.predictions()
                .logSoftmax()
                .at(Expression.labels())
                .negated()
                .plus(away.squared()
                        .mean()
                        .times(Expression.perExample("known"))
                        .times(pull));
        return parts.aggregator(new Prototypes())
                .sgdClients((id, worker, training) -> new PrototypeClient(id, worker, training, loss));
    }

    /** The mean of each class, and in the last column how many examples it is of; none if nobody had the class. */
    private record Prototypes() implements Aggregator {
        @Override
        public boolean readsDelta() {
            return false;
        }

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
            return state.strategy().tensors();
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new Sums(state, new ArrayList<>(), round);
        }
    }

    private record Sums(ServerState state, List<ModelUpdate> updates, RoundContext round) implements Aggregation {
        @Override
        public void add(ModelUpdate update) {
            updates.add(
                    round.updates().keep(update, round, state.model().floats().getDevice()));
        }

        @Override
        public void merge(Aggregation other) {
            updates.addAll(((Sums) other).updates);
        }

        @Override
        public Aggregate combine() {
            if (updates.isEmpty()) {
                return Aggregate.of(Optional.empty(), state);
            }
            NDArray sums = updates.get(0).attachment(SUMS).duplicate();
            updates.stream().skip(1).forEach(update -> sums.addi(update.attachment(SUMS)));
            updates.forEach(ModelUpdate::close);
            NDArray counts = sums.get(":, -1:");
            NDArray means = sums.get(":, :-1").div(counts.maximum(1)).concat(counts, 1);
            return new Aggregate(Optional.empty(), state.strategy().with(MEANS, means), Metrics.none());
        }
    }

    private static final class PrototypeClient extends SgdClient {
        private final Expression loss;

        PrototypeClient(ClientId id, Worker worker, LocalTraining training, Expression loss) {
            super(id, worker, training);
            this.loss = loss;
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            beforeEvaluation(task, model);
        }

        @Override
        protected void beforeEvaluation(TrainingTask task, LocalModel model) {
            kept(MODEL)
                    .flatMap(state -> state.tensor("model"))
                    .ifPresent(own -> Kernels.copy(own, model.parameters().floats()));
        }

        @Override
        protected Optional<Expression> loss() {
            return Optional.of(loss);
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask task, LocalModel model) {
            NDArray labels = examples().gather(model.manager()).labels();
            NDArray means = task.attachment(MEANS, worker().device())
                    .orElseGet(() -> model.manager().zeros(new Shape(CLASSES, UNITS + 1)));
            NDArray rows = Kernels.rows(model.manager(), means, labels);
            return Map.of(
                    "prototype", rows.get(":, :-1"), "known", rows.get(":, -1:").sign());
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            keep(MODEL, StrategyState.empty().with("model", model.parameters().floats()));
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            LocalModel model = worker().model();
            Examples all = examples().gather(model.manager());
            model.predict(all.features());
            NDArray features = model.output("features");
            NDArray counted = features.concat(model.manager().ones(new Shape(all.count(), 1)), 1);
            NDArray sums = all.labels().oneHot(CLASSES).transpose().matMul(counted);
            return update.withoutDelta().withAttachment(SUMS, sums);
        }
    }

    /** Trains for ten rounds; prints how good clients' own models are, and how many bytes travelled. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        Network network = Network.of(
                new Layer.Flatten(),
                new Layer.Dense(UNITS),
                new Layer.Relu().named("features"),
                new Layer.Dense(CLASSES));
        try (Dataset digits = Digits.generate(5_000, 1_000, seed)) {
            LocalSplit split =
                    Partitioners.dirichlet(.3).federated(digits, 20, seed).split(.2, seed);
            Simulation simulation = Simulation.builder()
                    .task(LearningTask.classification(network, new Shape(1, 28, 28)))
                    .data(split.train())
                    .clientEvaluation(split.test(), /* everyRounds= */ 10)
                    .training(LocalTraining.sgd(0.05).epochs(2))
                    .algorithm(new PrototypeLearning(/* pull= */ 1))
                    .selector(new UniformSelector())
                    .cohortSize(20)
                    .rounds(10)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT,
                        "clients' models on their own data %.4f, %d bytes a client and round%n",
                        result.finalMetrics().value("client/test/accuracy"),
                        result.history().get(9).bytesUp() / 20);
            }
        }
    }
}
