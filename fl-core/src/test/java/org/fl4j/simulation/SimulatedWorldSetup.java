package org.fl4j.simulation;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What {@link SimulatedWorldTest} and {@link AsynchronousRunsTest} share. */
@ResourceLock("digits of SimulatedWorldSetup") // the classes share them, one after another
abstract class SimulatedWorldSetup {
    static final int CLIENTS = 20;

    static final ClientSelector FIRST = SmallRuns.FIRST;

    static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(400, 40, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    static SimulationBuilder setup() {
        return Simulation.builder()
                .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), CLIENTS, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1).epochs(2))
                .selector(FIRST)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .cohortSize(5)
                .rounds(4)
                .seed(3);
    }

    /** Has a run count the clients that train. */
    static SimulationBuilder counting(SimulationBuilder run, AtomicInteger trained) {
        return run.sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                trained.incrementAndGet();
            }
        });
    }

    static List<RoundReport> history(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.history();
        }
    }

    static List<Integer> indices(Iterable<ClientId> clients) {
        List<Integer> indices = new ArrayList<>();
        clients.forEach(client -> indices.add(client.index()));
        return indices;
    }
}
