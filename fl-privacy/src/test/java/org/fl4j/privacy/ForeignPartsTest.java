package org.fl4j.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.ClientFailedException;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What private algorithms make of algorithms, selectors and aggregators that this library does not know, from another
 * jar say.
 */
class ForeignPartsTest {
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(100, 10, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run(Algorithm foreign, String name, Layer... middle) {
        Network network = middle.length == 0
                ? Network.of(new Layer.Flatten(), new Layer.Dense(10))
                : Network.of(new Layer.Flatten(), new Layer.Dense(4), middle[0], new Layer.Dense(10));
        return Simulation.builder()
                .task(LearningTask.classification(network, new Shape(1, 28, 28)))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), 10, new Seed(1))))
                .training(LocalTraining.sgd(.1))
                .selector(new ByLoss(Set.of()))
                .cohortSize(4)
                .aggregator(new Reader(Set.of(), /* readsAttachments= */ false))
                .algorithm(foreign)
                .algorithm(StrategyRegistry.load().parse(Algorithm.class, name))
                .rounds(2);
    }

    /** Clients of an algorithm that send more than the delta. */
    private static final class Sender extends SgdClient {
        Sender(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            return update.withAttachment(
                    "foreign/variate", update.delta().trainable().duplicate());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "central-dp:rate=.9",
                "dp-ftrl:cohort=4,epochRounds=2",
                "distributed-dp:cohort=4,epochRounds=2",
                "local-dp"
            })
    void attachmentsAreRefusedBeforeTheFirstRound(String name) {
        boolean[] ended = {false};
        Simulation simulation = run(builder -> builder.sgdClients(Sender::new), name)
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        ended[0] = true;
                    }
                })
                .build();
        String message =
                "attachments of an update under differential privacy must be none, for they would leave without"
                        + " noise, but was [foreign/variate]";
        assertThatThrownBy(simulation::rehearse)
                .isInstanceOf(ClientFailedException.class)
                .hasRootCauseMessage(message);
        assertThatThrownBy(simulation::run)
                .isInstanceOf(ClientFailedException.class)
                .hasRootCauseMessage(message);
        assertThat(ended).as("a round ended").containsExactly(false);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "central-dp:rate=.9",
                "dp-ftrl:cohort=4,epochRounds=2",
                "distributed-dp:cohort=4,epochRounds=2",
                "local-dp",
                "dp-sgd:rate=1,steps=1,accountant=rdp"
            })
    void modelsWithRunningStatisticsAreRefusedByTheBuild(String name) {
        SimulationBuilder builder = run(foreign -> foreign, name, new Layer.BatchNorm());
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model under differential privacy must be without buffers");
    }

    /** Chooses by facts, or says that it does not. */
    private record ByLoss(Set<Fact<?>> needs) implements ClientSelector {
        @Override
        public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
            return IntStream.range(0, count).mapToObj(available::id).toList();
        }
    }

    /** Goes by facts or attachments, or says that it does not. */
    private record Reader(Set<Fact<?>> needs, boolean readsAttachments) implements Aggregator {
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new ListAggregator(updates -> updates.get(0).delta()).begin(round, state);
        }
    }

    @Test
    void anAggregatorThatNeedsAttachmentsIsRefusedByTheBuild() {
        SimulationBuilder builder =
                run(foreign -> foreign, "local-dp").aggregator(new Reader(Set.of(), /* readsAttachments= */ true));
        assertThatThrownBy(builder::build)
                .hasMessage("aggregator under local differential privacy must be one that needs nothing beside the"
                        + " deltas, for attachments would leave without noise, but was Reader");
    }

    @Test
    void partsThatGoByWhatIsWithheldAreRefusedByTheBuild() {
        Map<String, String> algorithms = Map.of(
                "local-dp", "local differential privacy",
                "dp-sgd:rate=1,steps=1,accountant=rdp", "DP-SGD");
        algorithms.forEach((name, title) -> {
            run(foreign -> foreign, name).build();
            assertThatThrownBy(() -> run(foreign -> foreign, name)
                            .selector(new ByLoss(Set.of(TrainingFacts.LOSS)))
                            .build())
                    .hasMessage(
                            "selector under " + title + " must be one that needs nothing of what clients' data tell,"
                                    + " for that is withheld, but was ByLoss, which needs train/loss");
            run(foreign -> foreign, name)
                    .selector(new ByLoss(Set.of(TrainingFacts.LEARNING_RATE)))
                    .build(); // which tells nothing of data
            assertThatThrownBy(() -> run(foreign -> foreign, name)
                            .aggregator(new Reader(Set.of(Fact.ofData("my/prototypes")), /* readsAttachments= */ false))
                            .build())
                    .hasMessage(
                            "aggregator under " + title + " must be one that needs nothing of what clients' data tell,"
                                    + " for that is withheld, but was Reader, which needs my/prototypes");
        });
    }
}
