package org.fl4j.simulation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Client;
import org.fl4j.data.Dataset;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What {@link TasksTest} and {@link ReplaysTest} share. */
abstract class TasksSetup {
    static final LocalTraining TRAINING = LocalTraining.sgd(.1);

    final List<TaskRecord> records = new ArrayList<>();

    Dataset digits;

    @TempDir
    Path directory;

    @BeforeEach
    void draw() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    SimulationBuilder setup() {
        return Fixtures.softmaxRun(digits).listener(new RunListener() {
            @Override
            public void tasksEnded(List<TaskRecord> tasks) {
                records.addAll(tasks);
            }
        });
    }

    static String hash(SimulationBuilder builder) {
        try (RunResult result = builder.build().run()) {
            return result.stateSha256();
        }
    }

    /** A client that does something before it trains. */
    static Client client(ClientId id, Worker worker, Runnable before) {
        return new SgdClient(id, worker, TRAINING) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                before.run();
            }
        };
    }

    /** Waits for the interrupt of a time-out, for nobody counts down. */
    static InterruptedException untilInterrupted() {
        try {
            new CountDownLatch(1).await();
            throw new AssertionError("nobody counts down");
        } catch (InterruptedException e) {
            return e;
        }
    }

    /** A client that keeps how often it trained, and trains with a rate that depends on it. */
    static Client counting(ClientId id, Worker worker) {
        return new SgdClient(id, worker, TRAINING) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                double before = kept(Slot.ofClient("count"))
                        .flatMap(state -> state.number("count"))
                        .orElse(0.0);
                keep(Slot.ofClient("count"), StrategyState.empty().with("count", before + 1));
                model.parameters().trainable().addi(before * 1e-3);
            }
        };
    }

    List<String> files() throws Exception {
        try (var walk = Files.walk(directory)) {
            return walk.filter(Files::isRegularFile)
                    .map(file ->
                            directory.relativize(file) + " " + file.toFile().length())
                    .sorted()
                    .toList();
        }
    }
}
