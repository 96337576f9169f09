package org.fl4j.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
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
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.UniformSelector;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.Tensors;

/**
 * An algorithm of your own, with parts on both sides. The server sends the direction in which all clients moved in the
 * last round, and clients take a share of it in every step. Labels are smoothed, the less the more often a client has
 * taken part.
 *
 * @param share of the direction, in [0, 1)
 * @param smoothing of a client's first round, in [0, 1)
 */
public record CustomAlgorithm(double share, double smoothing) implements Algorithm {
    private static final String DIRECTION = "custom/direction";
    private static final Slot TIMES = Slot.ofClient("custom-times");
    private static final Expression LOGARITHMS = Expression.predictions().logSoftmax();
    private static final Expression OF_LABEL = LOGARITHMS.at(Expression.labels());
    private static final Expression SMOOTHED = LOGARITHMS
            .mean()
            .minus(OF_LABEL)
            .times(Expression.tensor("smoothing"))
            .plus(OF_LABEL)
            .negated();

    @Override
    public Parts on(Parts parts) {
        return parts.aggregator(new Directed())
                .sgdClients((id, worker, training) -> new DirectedClient(id, worker, training, this));
    }

    /** The server's part: a mean of updates, which it remembers and sends with the next model. */
    private record Directed() implements Aggregator {
        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            return state.strategy()
                    .tensor(DIRECTION)
                    .map(direction -> Map.of(DIRECTION, direction))
                    .orElse(Map.of());
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.byExampleCount(), state, List.of(), mean -> {
                StrategyState next = state.strategy()
                        .with(DIRECTION, mean.delta().trainable().duplicate());
                return new Aggregate(Optional.of(mean.delta()), next, Metrics.none());
            });
        }
    }

    /** The clients' part: another loss, a correction of every gradient, and something to remember. */
    private static final class DirectedClient extends SgdClient {
        private final CustomAlgorithm algorithm;
        private double smoothing;

        DirectedClient(ClientId id, Worker worker, LocalTraining training, CustomAlgorithm algorithm) {
            super(id, worker, training);
            this.algorithm = algorithm;
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            double times = kept(TIMES).flatMap(state -> state.number("times")).orElse(0.0);
            smoothing = algorithm.smoothing / (1 + times);
            keep(TIMES, StrategyState.empty().with("times", times + 1));
        }

        @Override
        protected Optional<Expression> loss() {
            return Optional.of(SMOOTHED);
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask task, LocalModel model) {
            return Map.of("smoothing", Tensors.create(model.manager(), new float[] {(float) smoothing}, new Shape(1)));
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            double steps = training().stepCount(examples().count());
            double rate = training().learningRate().at(task.round());
            return task.attachment(DIRECTION, worker().device())
                    .map(direction -> direction.mul(-algorithm.share / (steps * rate)));
        }
    }

    /** Trains for five rounds and prints the accuracy of each. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            Partition partition =
                    Partitioners.shards(2).partition(digits.train().classIndices(), 100, seed);
            Simulation simulation = Simulation.builder()
                    .algorithm(new CustomAlgorithm(/* share= */ 0.5, /* smoothing= */ 0.1))
                    .task(Models.mnist2nn())
                    .data(digits.federated(partition))
                    .testData(digits.test())
                    .training(LocalTraining.sgd(0.1).epochs(2))
                    .selector(new UniformSelector())
                    .cohortSize(20)
                    .rounds(5)
                    .build();
            try (RunResult result = simulation.run()) {
                result.history()
                        .forEach(round -> System.out.printf(
                                Locale.ROOT,
                                "round %d accuracy %.4f%n",
                                round.round(),
                                round.metrics().value("test/accuracy")));
            }
        }
    }
}
