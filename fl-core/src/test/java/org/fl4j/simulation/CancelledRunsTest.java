package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.SgdClient;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CancelledRunsTest extends RunSetup {
    @Test
    void endsAtTheNextClientWhenCancelledAndReturnsTheLastWholeRound() {
        AtomicInteger trained = new AtomicInteger();
        Simulation[] simulation = new Simulation[1];
        simulation[0] = setup().rounds(1000)
                .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                    @Override
                    protected void afterTraining(TrainingTask task, LocalModel model) {
                        if (task.round() == 3 && trained.incrementAndGet() == 1) {
                            simulation[0].cancel();
                        }
                    }
                })
                .build();
        try (RunResult result = simulation[0].run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            assertThat(result.state().round()).isEqualTo(2);
            assertThat(result.history()).hasSize(2);
            assertThat(result.state().model().isFinite()).isTrue();
        }
    }

    /** Whatever breaks the run off, its last whole round is saved. */
    @Test
    void savesTheLastWholeRoundHoweverTheRunEnds(@TempDir Path directory) {
        for (boolean fails : new boolean[] {false, true}) {
            Path checkpoints = directory.resolve("fails-" + fails);
            Simulation[] simulation = new Simulation[1];
            simulation[0] = setup().rounds(1000)
                    .checkpoints(checkpoints, 50)
                    .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                        @Override
                        protected void afterTraining(TrainingTask task, LocalModel model) {
                            if (task.round() == 3) {
                                if (fails) {
                                    throw new IllegalStateException("out of battery");
                                }
                                simulation[0].cancel();
                            }
                        }
                    })
                    .build();
            if (fails) {
                assertThatThrownBy(simulation[0]::run).isInstanceOf(ClientFailedException.class);
            } else {
                simulation[0].run().close();
            }
            assertThat(checkpoints.resolve("round-000002.safetensors")).exists();
        }
    }

    /** Clients of round 4 wait for an interrupt, which only a cancelled run brings. */
    @Test
    void treatsAnInterruptOfTheCallerAsACancellation(@TempDir Path directory) throws InterruptedException {
        for (int workers : new int[] {1, 3}) {
            CountDownLatch fourthRound = new CountDownLatch(1);
            SimulationBuilder builder = setup().rounds(6)
                    .workers(workers)
                    .clientStates(directory.resolve("states " + workers))
                    .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                        @Override
                        protected void afterTraining(TrainingTask task, LocalModel model) {
                            if (task.round() == 4) {
                                fourthRound.countDown();
                                awaitForEver();
                            }
                            keep(
                                    Slot.ofClient("count"),
                                    StrategyState.empty()
                                            .with("kept", model.parameters().floats()));
                        }
                    });
            List<RunResult.End> ends = new ArrayList<>();
            List<Integer> rounds = new ArrayList<>();
            List<Boolean> marks = new ArrayList<>();
            Thread runner = new Thread(() -> {
                try (RunResult result = builder.build().run()) {
                    ends.add(result.end());
                    rounds.add(result.state().round());
                }
                marks.add(Thread.currentThread().isInterrupted());
            });
            runner.start();
            fourthRound.await();
            runner.interrupt();
            runner.join();
            assertThat(ends).containsExactly(RunResult.End.CANCELLED);
            assertThat(rounds).containsExactly(3);
            assertThat(marks).as("the caller stays interrupted").containsExactly(true);
        }
    }

    /** An interrupt breaks the channel of a file that is written; a listener may make one as well as a caller. */
    @Test
    void anInterruptByAListenerCancelsAndBreaksNoCheckpoint(@TempDir Path checkpoints) {
        RunListener interrupting = new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                if (report.round() == 3) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        try (RunResult result = setup().listener(interrupting)
                .checkpoints(checkpoints, 1)
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            assertThat(result.state().round()).isEqualTo(3);
        }
        assertThat(Thread.interrupted()).isTrue();
        assertThat(checkpoints.resolve("round-000003.safetensors")).exists();
    }

    @Test
    void leavesNoThreadBehind() throws Exception {
        OwnThreads threads = new OwnThreads();
        Set<String> during = new TreeSet<>();
        SimulationBuilder builder = setup().workers(3).listener(new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                during.addAll(threads.alive());
            }
        });
        threads.call(() -> builder.build().run()).close();
        assertThat(during).as("threads during the run").isNotEmpty();
        assertThat(threads.alive()).as("threads left by the run").isEmpty();
    }
}
