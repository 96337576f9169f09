package org.fl4j.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.data.Dataset;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;
import org.fl4j.monitoring.ResourceUsage;
import org.fl4j.server.AddDelta;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;

/** What {@link NothingLostTest} and {@link DamagedRunsTest} share. */
abstract class NothingLostSetup extends TensorTest {
    static final int LAST = 6;

    @TempDir
    Path directory;

    Dataset digits;

    @BeforeEach
    void generate() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    /** Checkpoints are due after the fiftieth round only, which no run here comes to. */
    SimulationBuilder setup() {
        return Fixtures.softmaxRun(digits).rounds(LAST).checkpoints(directory, 50);
    }

    String undisturbed() {
        try (RunResult result = Fixtures.softmaxRun(digits).rounds(LAST).build().run()) {
            return result.stateSha256();
        }
    }

    static RunListener after(int round, Runnable action) {
        return new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                if (report.round() == round) {
                    action.run();
                }
            }
        };
    }

    static Runnable throwing(Throwable failure) {
        return () -> {
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        };
    }

    static Aggregator failingAt(int failing, Throwable failure) {
        return (round, state) -> new Aggregation() {
            private final Aggregation mean = Fixtures.MEAN.begin(round, state);

            @Override
            public void add(ModelUpdate update) {
                mean.add(update);
            }

            @Override
            public void merge(Aggregation other) {
                mean.merge(other);
            }

            @Override
            public Aggregate combine() {
                if (round.number() == failing) {
                    throwing(failure).run();
                }
                return mean.combine();
            }
        };
    }

    static Arguments ending(String name, int kept, UnaryOperator<SimulationBuilder> cause) {
        return Arguments.of(name, kept, cause);
    }

    static Stream<Arguments> endings() {
        return Stream.of(
                ending("a listener", 3, run -> run.listener(after(3, throwing(new IllegalStateException("full"))))),
                ending("a listener's error", 3, run -> run.listener(after(3, throwing(new StackOverflowError())))),
                ending(
                        "a listener of tasks",
                        3,
                        run -> run.listener(new RunListener() {
                            private int rounds;

                            @Override
                            public void tasksEnded(List<TaskRecord> tasks) {
                                if (++rounds == 3) {
                                    throw new IllegalStateException("full");
                                }
                            }
                        })),
                ending(
                        "a stop rule",
                        3,
                        run -> run.stopRule(history -> {
                            if (history.size() == 3) {
                                throw new IllegalStateException("no such metric");
                            }
                            return false;
                        })),
                ending("a strategy", 2, run -> run.aggregator(failingAt(3, new IllegalStateException("singular")))),
                ending("a strategy's stack", 2, run -> run.aggregator(failingAt(3, new StackOverflowError()))),
                ending("a full heap", 2, run -> run.aggregator(failingAt(3, new OutOfMemoryError("heap")))));
    }

    static Arguments change(String difference, UnaryOperator<SimulationBuilder> change) {
        return Arguments.of(difference, change);
    }

    static Stream<Arguments> changes() {
        return Stream.of(
                change("training.learningRate", run -> run.training(LocalTraining.sgd(.2))),
                change(
                        "training.batchSize",
                        run -> run.training(LocalTraining.sgd(.1).batchSize(7))),
                change("aggregator", run -> run.aggregator(failingAt(99, new IllegalStateException()))),
                change("serverOptimizer.learningRate", run -> run.serverOptimizer(new AddDelta(.5))),
                change("selector", run -> run.selector((all, count, round, state) -> List.of(all.id(0), all.id(1)))),
                change(
                        "updates.minimumUpdates",
                        run -> run.updates(UpdatePolicy.all().minimumUpdates(2))),
                change("cohortSize", run -> run.cohortSize(4)),
                change("evaluateEvery", run -> run.evaluateEvery(2)),
                change("failurePolicy", run -> run.failurePolicy(FailurePolicy.SKIP_CLIENT)),
                change("uploadTransform", run -> run.uploadTransform((update, task) -> update)),
                change("seed", run -> run.seed(4)),
                change("observers", run -> run.observer(round -> Metrics.none())),
                change("settings", run -> run.settings(parts -> (state, round) -> null)),
                change("servers", run -> run.server((composed, parts) -> composed)),
                change("stopRule", run -> run.stopRule(StopRule.targetReached("test/accuracy", .99))),
                change("algorithms", run -> run.algorithm(builder -> builder.cohortSize(5))),
                change(
                        "clientFactory",
                        run -> run.clients((id, worker) -> new SgdClient(id, worker, LocalTraining.sgd(.1)))));
    }

    static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A machine that is idle at first and busy later. */
    static ResourceUsage usage(int look) {
        double load = look < 3 ? .1 : .95;
        return ResourceUsage.of(load, load, 1L << 30);
    }
}
