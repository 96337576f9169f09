package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.message.ClientId;
import org.fl4j.message.ServerState;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.tensor.TensorEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What a run costs in memory. */
@Isolated("counts the native arrays and the heap of the whole process")
class MemoryIT {
    /** Counts the arrays of a manager and of all managers below it. */
    private static long arraysBelow(NDManager manager) {
        return manager.getManagedArrays().size();
    }

    /**
     * Rounds are counted with one worker: of several, each makes its buffers when it gets its first client, whenever
     * that is.
     */
    @Test
    void holdsAsManyNativeArraysAfterTwoHundredRoundsAsAfterTwo() {
        NDManager root = TensorEngine.newManager(Device.cpu()).getParentManager();
        List<Long> counts = new ArrayList<>();
        try (Dataset digits = Fixtures.digits()) {
            SimulationBuilder builder = Fixtures.softmaxRun(digits)
                    .task(Models.mnist2nn())
                    .rounds(200)
                    .clientEvaluation(digits.federated(Fixtures.partition(digits)), 20)
                    .listener(new RunListener() {
                        @Override
                        public void roundEnded(RoundReport report, ServerState state) {
                            counts.add(arraysBelow(root));
                        }
                    });
            builder.workers(1).build().run().close();
            long afterFirstRun = arraysBelow(root);
            builder.workers(3).build().run().close();
            assertThat(arraysBelow(root)).as("arrays left by a run").isEqualTo(afterFirstRun);
        }
        assertThat(counts.get(1)).isPositive();
        assertThat(counts.subList(1, 200)).as("arrays after rounds 2 to 200").containsOnly(counts.get(1));
    }

    @Test
    void aModelThatCannotBeMadeLeavesNoArrays() {
        NDManager root = TensorEngine.newManager(Device.cpu()).getParentManager();
        LearningTask task = LearningTask.classification(
                        new Network(List.of(new Layer.Dense(5).frozen(), new Layer.Dense(3))), new Shape(4))
                .withInitializer((values, shape, fanIn, random) -> {
                    throw new IllegalStateException("no values");
                });
        long before = arraysBelow(root);
        assertThatThrownBy(() -> new FederatedModel(task)).hasMessage("no values");
        assertThat(arraysBelow(root)).isEqualTo(before);
    }

    /** A million clients share the ten examples of one small data set. */
    private record MillionClients(Examples examples) implements FederatedDataset {
        @Override
        public ClientDirectory clients() {
            return ClientDirectory.ofRange(1_000_000, index -> 10);
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            int[] rows = new int[10];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = (client.index() + i) % examples.count();
            }
            return new ClientExamples(examples, rows);
        }
    }

    @Test
    void costsUnderAHundredBytesOfHeapForEachRegisteredClient() {
        try (Dataset digits = Fixtures.digits()) {
            int[] labels = digits.train().classIndices();
            long before = usedHeap();
            FederatedDataset partitioned = digits.federated(millionClients(labels.length));
            SimulationBuilder builder =
                    Fixtures.softmaxRun(digits).data(partitioned).cohortSize(10).rounds(3);
            try (RunResult result = builder.build().run()) {
                long perClient = (usedHeap() - before) / 1_000_000;
                assertThat(perClient).as("bytes of heap a registered client").isLessThan(100);
                assertThat(result.history())
                        .allSatisfy(round -> assertThat(round.cohort()).hasSize(10));
            }
            long startOfRange = usedHeap();
            try (RunResult result = Fixtures.softmaxRun(digits)
                    .data(new MillionClients(digits.train()))
                    .training(LocalTraining.sgd(.1))
                    .cohortSize(10)
                    .rounds(3)
                    .build()
                    .run()) {
                assertThat(usedHeap() - startOfRange)
                        .as("bytes of heap for clients made on demand")
                        .isLessThan(5_000_000);
                assertThat(result.history()).hasSize(3);
            }
        }
    }

    private static Partition millionClients(int rows) {
        List<int[]> held = new ArrayList<>(1_000_000);
        for (int client = 0; client < 1_000_000; client++) {
            held.add(new int[] {client % rows, (client + 1) % rows});
        }
        return Partition.of(held, Partition.Allowance.SHARED_ROWS);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @Test
    void seesAnArrayThatIsLeftBehind() {
        try (NDManager manager = TensorEngine.newManager(Device.cpu())) {
            long before = arraysBelow(manager);
            NDArray left = manager.newSubManager().ones(new Shape(3));
            assertThat(arraysBelow(manager)).isEqualTo(before + 1);
            left.close();
        }
    }
}
