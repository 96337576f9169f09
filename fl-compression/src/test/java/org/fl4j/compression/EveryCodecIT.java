package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Codec;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.Replays;
import org.fl4j.fixture.Reproducible;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds for every codec that has a name, on a network with batch statistics: the same bits on any number of
 * workers and after a resume, a replay that sends the same, as many native arrays after each round, and fewer bytes
 * than without.
 */
@Isolated("counts the native arrays of the whole process")
class EveryCodecIT {
    private static final int CLIENTS = 6;
    private static final LearningTask TASK = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(12),
                    new Layer.BatchNorm(),
                    new Layer.Relu(),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));
    private static final StrategyRegistry REGISTRY = StrategyRegistry.load();
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(240, 100, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    static List<String> names() {
        List<String> names = new ArrayList<>(REGISTRY.names(Codec.class));
        names.add("top-k:valueBits=4,entropy=true,scope=array");
        names.add("sign:errorFeedback=false");
        names.add("qsgd:form=fixed,levels=16");
        return names;
    }

    private static SimulationBuilder plain() {
        FederatedDataset data =
                digits.federated(Partitioners.iid().partition(digits.train().classIndices(), CLIENTS, new Seed(1)));
        return Simulation.builder()
                .task(TASK)
                .data(data)
                .testData(digits.test())
                .training(LocalTraining.sgd(.05))
                .aggregator(new FedAvg())
                .cohortSize(CLIENTS)
                .rounds(4)
                .seed(5);
    }

    private static SimulationBuilder run(String codec) {
        return plain().codec(REGISTRY.parse(Codec.class, codec));
    }

    @ParameterizedTest
    @MethodSource("names")
    void isReproducibleAndLeavesNothingBehind(String codec) {
        Reproducible.holds(() -> run(codec), directory, one -> {
            try (RunResult without = plain().build().run()) {
                assertThat(one.stateSha256()).isNotEqualTo(without.stateSha256());
                assertThat(one.history()).allSatisfy(round -> {
                    assertThat(round.clients()).hasSize(CLIENTS);
                    assertThat(round.bytesUp())
                            .isLessThan(without.history().get(0).bytesUp());
                });
            }
        });
    }

    @ParameterizedTest
    @MethodSource("names")
    void canRunOneUpdateAgain(String codec) {
        Replays.lastUpdateIsTheSameAgain(() -> run(codec).rounds(3));
    }

    /** Of one value in fifty a model learns more where what is lost is sent later. */
    @Test
    void errorFeedbackSendsWhatWasLost() {
        assertThat(accuracy("top-k:fraction=.02")).isGreaterThan(accuracy("top-k:fraction=.02,errorFeedback=false"));
    }

    private static double accuracy(String codec) {
        try (RunResult result = run(codec).rounds(25).build().run()) {
            return result.history().get(24).metrics().value("test/accuracy");
        }
    }
}
