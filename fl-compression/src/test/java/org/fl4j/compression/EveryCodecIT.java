package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Codec;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.Replays;
import org.fl4j.message.ServerState;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.TensorEngine;
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
        NDManager root = TensorEngine.newManager(Device.cpu()).getParentManager();
        List<Integer> arrays = new ArrayList<>();
        RunListener counter = new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                arrays.add(root.getManagedArrays().size());
            }
        };
        String hash;
        try (RunResult one = run(codec).workers(1).listener(counter).build().run();
                RunResult without = plain().build().run()) {
            assertThat(one.state().model().isFinite()).isTrue();
            hash = one.stateSha256();
            assertThat(hash).isNotEqualTo(without.stateSha256());
            assertThat(one.history()).allSatisfy(round -> {
                assertThat(round.clients()).hasSize(CLIENTS);
                assertThat(round.bytesUp()).isLessThan(without.history().get(0).bytesUp());
            });
        }
        assertThat(arrays.subList(1, 4)).as("native arrays after rounds 2 to 4").containsOnly(arrays.get(1));
        try (RunResult three = run(codec).workers(3).build().run()) {
            assertThat(three.stateSha256()).as("on three workers").isEqualTo(hash);
        }
        run(codec).rounds(2).checkpoints(directory, 1).build().run().close();
        try (RunResult resumed =
                run(codec).checkpoints(directory, 1).resume(true).build().run()) {
            assertThat(resumed.stateSha256()).as("after a resume").isEqualTo(hash);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void canRunOneUpdateAgain(String codec) {
        Replays.lastUpdateIsTheSameAgain(() -> run(codec).rounds(3));
    }

    /** With one value in a hundred, and what is lost sent later, a model learns as without. */
    @Test
    void errorFeedbackSendsWhatWasLost() {
        Map<String, Double> accuracies = new TreeMap<>();
        for (String codec : List.of("float16", "top-k:fraction=.02", "top-k:fraction=.02,errorFeedback=false")) {
            try (RunResult result = run(codec).rounds(25).build().run()) {
                accuracies.put(codec, result.history().get(24).metrics().value("test/accuracy"));
            }
        }
        assertThat(accuracies.get("top-k:fraction=.02"))
                .as(accuracies.toString())
                .isGreaterThan(accuracies.get("top-k:fraction=.02,errorFeedback=false"));
    }
}
