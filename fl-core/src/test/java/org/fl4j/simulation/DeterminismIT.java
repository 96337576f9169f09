package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalBatch;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.data.Dataset;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Same seed, same machine: the bit-identical model. */
class DeterminismIT {
    /** A network with everything that could differ: convolutions, batch statistics, dropout. */
    private static final LearningTask TASK = LearningTask.classification(
            Network.of(
                    new Layer.Conv2d(4, 3, 2, 1, true),
                    new Layer.BatchNorm(),
                    new Layer.Relu(),
                    new Layer.Dropout(.25),
                    new Layer.Flatten(),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));

    private static SimulationBuilder run(Dataset digits) {
        return Fixtures.softmaxRun(digits)
                .task(TASK)
                .training(LocalTraining.sgd(.05).optimizer(new ClientOptimizer.Sgd(.9, 1e-4)));
    }

    private static String hash(SimulationBuilder builder) {
        try (RunResult result = builder.build().run()) {
            return result.stateSha256();
        }
    }

    @Test
    void givesTheSameModelOnAnyNumberOfWorkers() {
        try (Dataset digits = Fixtures.digits()) {
            String one = hash(run(digits).workers(1));
            assertThat(hash(run(digits).workers(2))).isEqualTo(one);
            assertThat(hash(run(digits).workers(4))).isEqualTo(one);
            assertThat(hash(run(digits).workers(8))).isEqualTo(one);
            assertThat(hash(run(digits).workers(2).seed(4))).as("another seed").isNotEqualTo(one);
        }
    }

    @Test
    void givesTheSameModelOnAnyNumberOfWorkersOnTheEagerPathToo() {
        LocalTraining training = LocalTraining.sgd(.05);
        ClientFactory eager = (id, worker) -> new SgdClient(id, worker, training) {
            @Override
            protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                return super.losses(predictions, batch);
            }
        };
        try (Dataset digits = Fixtures.digits()) {
            String one = hash(run(digits).clients(eager).workers(1));
            assertThat(hash(run(digits).clients(eager).workers(2))).isEqualTo(one);
            assertThat(hash(run(digits).clients(eager).workers(4))).isEqualTo(one);
        }
    }

    @Test
    void givesTheSameModelWhoeverFinishesFirst() {
        try (Dataset digits = Fixtures.digits()) {
            LocalTraining training = LocalTraining.sgd(.05);
            String undisturbed = hash(run(digits).training(training).workers(1));
            SimulationBuilder delayed = run(digits)
                    .workers(4)
                    .clients((id, worker) -> new SgdClient(id, worker, training) {
                        @Override
                        protected void afterTraining(TrainingTask task, LocalModel model) {
                            sleep(task.seed("delay").generator().nextInt(60));
                        }
                    });
            assertThat(hash(delayed)).isEqualTo(undisturbed);
        }
    }

    /** Shakes the order in which threads are done; what is asserted does not depend on how long it takes. */
    private static void sleep(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void runsTwoSimulationsAtOnceAsIfAlone() throws Exception {
        try (Dataset digits = Fixtures.digits()) {
            String first = hash(run(digits).workers(2));
            String second = hash(run(digits).workers(2).seed(8));
            ExecutorService pool = Executors.newFixedThreadPool(2);
            Future<String> firstAgain = pool.submit(() -> hash(run(digits).workers(2)));
            Future<String> secondAgain =
                    pool.submit(() -> hash(run(digits).workers(2).seed(8)));
            assertThat(firstAgain.get()).isEqualTo(first);
            assertThat(secondAgain.get()).isEqualTo(second);
            pool.shutdown();
        }
    }

    @Test
    void goesOnFromACheckpointAsIfNeverStopped(@TempDir Path directory) {
        try (Dataset digits = Fixtures.digits()) {
            String undisturbed = hash(run(digits).rounds(5));
            try (RunResult half =
                    run(digits).rounds(3).checkpoints(directory, 1).build().run()) {
                assertThat(half.stateSha256()).isNotEqualTo(undisturbed);
            }
            try (RunResult rest = run(digits)
                    .rounds(5)
                    .checkpoints(directory, 1)
                    .resume(true)
                    .build()
                    .run()) {
                assertThat(rest.stateSha256()).isEqualTo(undisturbed);
                assertThat(rest.history()).extracting(RoundReport::round).containsExactly(1, 2, 3, 4, 5);
            }
        }
    }

    /** The process that {@link #goesOnAfterAKillInMidRound} kills. */
    public static final class Victim {
        private static final String WAITING = "waits in round 3";

        private Victim() {}

        /**
         * Runs five rounds; the arguments are the directory and whether clients wait in round 3 until they are killed.
         */
        public static void main(String[] arguments) {
            Path directory = Path.of(arguments[0]);
            System.setProperty(
                    WAITING, arguments[1]); // what the clients are made of is the same before and after the kill
            LocalTraining training = LocalTraining.sgd(.05);
            try (Dataset digits = Fixtures.digits();
                    RunResult result = run(digits)
                            .rounds(5)
                            .checkpoints(directory.resolve("checkpoints"), 1)
                            .listener(new JsonLinesListener(directory.resolve("rounds.jsonl")))
                            .resume(true)
                            .clients((id, worker) -> new SgdClient(id, worker, training) {
                                @Override
                                protected void afterTraining(TrainingTask task, LocalModel model) {
                                    if (Boolean.getBoolean(WAITING) && task.round() == 3) {
                                        System.out.println(WAITING);
                                        awaitKill();
                                    }
                                }
                            })
                            .build()
                            .run()) {
                System.out.println("sha256 " + result.stateSha256());
            }
        }

        /**
         * Reads what is never written. If the test's process ends without a kill, so does the input, and the victim
         * with it.
         */
        private static void awaitKill() {
            try {
                throw new IllegalStateException("nobody killed this process, but its input ended: " + System.in.read());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void goesOnAfterAKillInMidRound(@TempDir Path directory) throws Exception {
        Process victim = start(directory, /* waits= */ true);
        List<String> said = new ArrayList<>();
        try (BufferedReader lines = victim.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null && !line.contains(Victim.WAITING)) {
                said.add(line);
                line = lines.readLine();
            }
            assertThat(line).as(String.join("\n", said)).isNotNull();
            Path checkpoints = directory.resolve("checkpoints");
            assertThat(DirectoryLock.isHeld(checkpoints))
                    .as("by the other process")
                    .isTrue();
            assertThat(DirectoryLock.tryLock(checkpoints)).isEmpty();
        } finally {
            victim.destroyForcibly().waitFor(); // SIGKILL
        }
        assertThat(DirectoryLock.isHeld(directory.resolve("checkpoints"))).isFalse();
        assertThat(victim.exitValue()).isNotZero();
        assertThat(directory.resolve("checkpoints").resolve("round-000002.safetensors"))
                .exists();
        assertThat(directory.resolve("checkpoints").resolve("round-000003.safetensors"))
                .doesNotExist();

        Process resumed = start(directory, /* waits= */ false);
        String output = new String(resumed.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(resumed.waitFor()).as(output).isZero();

        try (Dataset digits = Fixtures.digits()) {
            String undisturbed = hash(run(digits).rounds(5).training(LocalTraining.sgd(.05)));
            assertThat(output).contains("sha256 " + undisturbed);
        }
        List<Integer> rounds = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve("rounds.jsonl"))) {
            rounds.add(
                    JsonParser.parseString(line).getAsJsonObject().get("round").getAsInt());
        }
        assertThat(rounds).containsExactly(1, 2, 3, 4, 5);
    }

    private static Process start(Path directory, boolean waits) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-DOPT_OUT_TRACKING=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        directory.toString(),
                        String.valueOf(waits))
                .redirectErrorStream(true)
                .start();
    }
}
