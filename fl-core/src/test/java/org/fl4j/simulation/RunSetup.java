package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Client;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.data.Dataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.AddDelta;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@link SimulationTest} and {@link CancelledRunsTest} and {@link EvaluationTest} and {@link ConfigurationTest}
 * and {@link CheckpointsTest} and {@link SimulationPartsTest} and {@link CheckpointFilesTest} share.
 */
abstract class RunSetup {
    static final LocalTraining TRAINING = LocalTraining.sgd(.1);

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
        return Fixtures.softmaxRun(digits);
    }

    /** A client whose training is disturbed in round 2, if it is the first of its cohort. */
    static Client disturbed(ClientId id, Worker worker, Set<ClientId> victims, Runnable disturbance) {
        return new SgdClient(id, worker, TRAINING) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                if (task.round() == 2 && victims.contains(id())) {
                    disturbance.run();
                }
            }
        };
    }

    List<ClientId> cohort(int round) {
        try (RunResult result = setup().rounds(round).build().run()) {
            return result.history().get(round - 1).cohort();
        }
    }

    static void awaitForEver() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Returns how the names of accuracies begin, without that of the server. */
    static Set<String> splits(SimulationBuilder builder) {
        try (RunResult result = builder.rounds(1).build().run()) {
            return result.finalMetrics().values().keySet().stream()
                    .filter(name -> name.endsWith("/accuracy") && !name.equals("test/accuracy"))
                    .map(name -> name.replace("/accuracy", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    Path checkpointOf(SimulationBuilder builder) {
        builder.checkpoints(directory, 1).build().run().close();
        return Checkpoint.latest(directory).orElseThrow();
    }

    static final String OLDER_IS_GOOD =
            " The checkpoint before it, round-000003.safetensors, is good: delete the damaged file to resume"
                    + " after round 3";

    static String cannotResume(Path file, String... differences) {
        return "checkpoint " + file + ": cannot be resumed from with other settings: " + String.join("; ", differences)
                + ". Use the old settings, or start a new run in another directory";
    }

    void assertCannotResume(SimulationBuilder builder, String message) {
        Simulation simulation =
                builder.rounds(9).checkpoints(directory, 1).resume(true).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage(message);
    }

    /** Remembers a vector and a number, and moves by both: a resume that lost either would end elsewhere. */
    static final ServerOptimizer REMEMBERING = (model, delta, state) -> {
        NDArray velocity = state.tensor("test/velocity")
                .map(NDArray::duplicate)
                .orElseGet(() -> delta.trainable().zerosLike());
        double steps = state.number("test/steps").orElse(0.0) + 1;
        Kernels.decayAndAdd(velocity, .5, delta.trainable(), 1);
        ParameterVector next = AddDelta.withBuffersOf(model, delta);
        Kernels.copy(model.trainable(), next.trainable());
        Kernels.addScaled(next.trainable(), velocity, 1 / steps);
        return new ServerOptimizer.Step(
                next, state.with("test/velocity", velocity).with("test/steps", steps));
    };
}
