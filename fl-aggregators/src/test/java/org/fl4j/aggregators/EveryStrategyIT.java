package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.Replays;
import org.fl4j.fixture.Reproducible;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.BlockTraining;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds for every algorithm and aggregator that has a name, on a network with batch statistics and dropout, and on
 * one whose clients train in blocks: the same bits on any number of workers and after a resume, and as many native
 * arrays after each round.
 */
@Isolated("counts the native arrays of the whole process")
class EveryStrategyIT {
    private static final int CLIENTS = 8;
    private static final LearningTask TASK = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(12),
                    new Layer.BatchNorm(),
                    new Layer.Relu().named(Models.FEATURES),
                    new Layer.Dropout(.25),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));
    private static final LearningTask IN_BLOCKS = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(12),
                    new Layer.Relu().named(Models.FEATURES),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));
    private static final Set<String> WITHOUT_BLOCKS = Set.of("fedbn"); // it needs layers with statistics
    private static final StrategyRegistry REGISTRY = StrategyRegistry.load();
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(160, 40, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    /** A strategy, and its part in a builder. */
    record Named(String name, boolean blocks, Consumer<SimulationBuilder> part) {
        @Override
        public String toString() {
            return name + (blocks ? " in blocks" : "");
        }
    }

    static Stream<Named> strategies() {
        return Stream.concat(
                strategies(/* blocks= */ false),
                strategies(/* blocks= */ true).filter(strategy -> !WITHOUT_BLOCKS.contains(strategy.name())));
    }

    private static Stream<Named> strategies(boolean blocks) {
        return Stream.concat(
                REGISTRY.names(Algorithm.class).stream()
                        .map(name -> new Named(
                                name,
                                blocks,
                                builder -> builder.algorithm(REGISTRY.create(Algorithm.class, name, Map.of())))),
                REGISTRY.names(Aggregator.class).stream()
                        .map(name -> new Named(
                                name,
                                blocks,
                                builder -> builder.aggregator(REGISTRY.create(Aggregator.class, name, Map.of())))));
    }

    private static SimulationBuilder run(Named strategy) {
        FederatedDataset data =
                digits.federated(Partitioners.iid().partition(digits.train().classIndices(), CLIENTS, new Seed(1)));
        SimulationBuilder builder = Simulation.builder()
                .task(strategy.blocks() ? IN_BLOCKS : TASK)
                .data(data)
                .testData(digits.test())
                .clientEvaluation(data, 1)
                .training(LocalTraining.sgd(.02))
                .selector((available, count, round, state) -> Stream.iterate(0, i -> i + 1)
                        .limit(count)
                        .map(available::id)
                        .toList())
                .aggregator(new FedAvg())
                .cohortSize(CLIENTS)
                .rounds(4)
                .seed(5);
        strategy.part().accept(builder);
        return builder;
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void isReproducibleAndLeavesNothingBehind(Named strategy) {
        Reproducible.holds(() -> run(strategy), directory, one -> {});
    }

    static Stream<Named> inBlocks() {
        return strategies().filter(Named::blocks);
    }

    @ParameterizedTest
    @MethodSource("inBlocks")
    void agreesWithClientsOneByOne(Named strategy) {
        try (RunResult blocks = run(strategy).build().run();
                RunResult apart =
                        run(strategy).blockTraining(BlockTraining.NEVER).build().run()) {
            float[] expected = apart.state().model().floats().toFloatArray();
            assertThat(blocks.state().model().floats().toFloatArray()).containsExactly(expected, within(1e-5f));
            assertThat(blocks.state().strategy().tensors().keySet())
                    .isEqualTo(apart.state().strategy().tensors().keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void canRunOneUpdateAgain(Named strategy) {
        Replays.lastUpdateIsTheSameAgain(() -> run(strategy).rounds(3));
    }
}
