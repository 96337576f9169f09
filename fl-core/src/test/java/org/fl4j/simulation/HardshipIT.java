package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.data.Dataset;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Kills, interrupts and full heaps at random moments: no finished round is lost, and nothing hangs. */
@Tag("long")
@Isolated("measures time and takes the machine's memory")
class HardshipIT {
    private static final int MOMENTS = 100;
    private static final int FULL_HEAPS = 24;
    private static final int ROUNDS = 30;
    private static final String DONE = "done";
    private static final int HANGS_AFTER_MINUTES = 5;

    /** Clients keep a state, so that there is more to lose than the model. */
    private static SimulationBuilder setup(Dataset digits) {
        return Fixtures.softmaxRun(digits)
                .rounds(ROUNDS)
                .workers(3)
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void afterTraining(TrainingTask task, LocalModel model) {
                        double before = kept(Slot.ofClient("count"))
                                .flatMap(state -> state.number("rounds"))
                                .orElse(0.0);
                        model.parameters().trainable().addi((float) (before * 1e-4));
                        keep(Slot.ofClient("count"), StrategyState.empty().with("rounds", before + 1));
                    }
                });
    }

    private static String undisturbed() {
        try (Dataset digits = Fixtures.digits();
                RunResult result = setup(digits).build().run()) {
            return result.stateSha256();
        }
    }

    private static Process start(Class<?> program, List<String> options, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-DOPT_OUT_TRACKING=true"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(File.createTempFile("hardship", ".txt"))
                .start();
    }

    /** Runs, or resumes, until it has ended or is killed. */
    public static final class Resumed {
        private Resumed() {}

        /** Takes the directory. */
        public static void main(String[] arguments) throws IOException {
            Path directory = Path.of(arguments[0]);
            try (Dataset digits = Fixtures.digits();
                    RunResult result = setup(digits)
                            .checkpoints(directory.resolve("checkpoints"), 1)
                            .listener(new JsonLinesListener(directory.resolve("rounds.jsonl")))
                            .resume(true)
                            .build()
                            .run()) {
                Files.writeString(directory.resolve(DONE), result.stateSha256());
            }
        }
    }

    @Test
    void killsAtRandomMomentsLoseNothing(@TempDir Path root) throws Exception {
        String expected = undisturbed();
        Random moments = new Random(1);
        int kills = 0;
        for (int run = 0; kills < MOMENTS; run++) {
            Path directory = Files.createDirectories(root.resolve(String.valueOf(run)));
            int before = 0;
            while (!Files.exists(directory.resolve(DONE))) {
                Process process = start(Resumed.class, List.of(), List.of(directory.toString()));
                if (kills < MOMENTS && !process.waitFor(700 + moments.nextInt(1500), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly().waitFor(); // SIGKILL
                    kills++;
                }
                assertThat(process.waitFor(HANGS_AFTER_MINUTES, TimeUnit.MINUTES))
                        .as("ends")
                        .isTrue();
                int now = Checkpoint.latest(directory.resolve("checkpoints"))
                        .map(CheckpointFiles::round)
                        .orElse(0);
                assertThat(now).isGreaterThanOrEqualTo(before);
                before = now;
            }
            assertThat(Files.readString(directory.resolve(DONE))).isEqualTo(expected);
            assertThat(JsonLinesListener.read(directory.resolve("rounds.jsonl")))
                    .hasSize(ROUNDS);
        }
        System.out.println("kills " + kills);
    }

    @Test
    void interruptsAtRandomMomentsCancelAndLoseNothing(@TempDir Path root) throws Exception {
        String expected = undisturbed();
        Random moments = new Random(2);
        int interrupts = 0;
        try (Dataset digits = Fixtures.digits()) {
            for (int run = 0; interrupts < MOMENTS; run++) {
                Path directory = root.resolve(String.valueOf(run));
                AtomicReference<Object> end = new AtomicReference<>(RunResult.End.CANCELLED);
                while (end.get() == RunResult.End.CANCELLED) {
                    Thread runner = new Thread(() -> {
                        try (RunResult result = setup(digits)
                                .checkpoints(directory, 1)
                                .resume(true)
                                .build()
                                .run()) {
                            end.set(result.end() == RunResult.End.COMPLETED ? result.stateSha256() : result.end());
                        } catch (RuntimeException e) {
                            end.set(e);
                        }
                    });
                    runner.start();
                    if (interrupts < MOMENTS) {
                        LockSupport.parkNanos(moments.nextInt(150_000_000));
                        runner.interrupt();
                        interrupts++;
                    }
                    runner.join(TimeUnit.MINUTES.toMillis(HANGS_AFTER_MINUTES));
                    assertThat(runner.isAlive()).as("hangs").isFalse();
                }
                assertThat(end.get()).isEqualTo(expected);
            }
        }
        System.out.println("interrupts " + interrupts);
    }

    /** Some clients fill the heap: in each round another one of four. */
    public static final class Hungry {
        private Hungry() {}

        /** Takes the seed and the policy. */
        public static void main(String[] arguments) {
            int seed = Integer.parseInt(arguments[0]);
            LocalTraining training = LocalTraining.sgd(.1);
            try (Dataset digits = Fixtures.digits()) {
                SimulationBuilder builder = Fixtures.softmaxRun(digits)
                        .rounds(12)
                        .workers(3)
                        .seed(seed)
                        .cohortSize(8)
                        .failurePolicy(FailurePolicy.valueOf(arguments[1]))
                        .clients((id, worker) -> new SgdClient(id, worker, training) {
                            @Override
                            protected void afterTraining(TrainingTask task, LocalModel model) {
                                if ((task.round() + id().index()) % 4 == 0) {
                                    Object[] chain = null;
                                    while (true) {
                                        chain = new Object[] {chain, new long[1 << (10 + id().index() % 3)]};
                                    }
                                }
                            }
                        });
                try (RunResult result = builder.build().run()) {
                    System.out.println("end " + result.end() + " failures "
                            + result.history().stream()
                                    .mapToInt(report -> report.failures().size())
                                    .sum());
                }
            } catch (ClientFailedException | RunFailedException e) {
                System.out.println("named " + e.getMessage());
            }
            System.out.println("threads "
                    + Arrays.toString(Thread.getAllStackTraces().keySet().stream()
                            .map(Thread::getName)
                            .filter(name -> name.startsWith("fl4j"))
                            .toArray()));
        }
    }

    @Test
    void fullHeapsNeitherHangNorEndARunThatGoesOn() throws Exception {
        List<String> outcomes = new ArrayList<>();
        for (int seed = 0; seed < FULL_HEAPS; seed++) {
            String policy = seed % 4 == 3 ? "FAIL_RUN" : "SKIP_CLIENT";
            File said = File.createTempFile("hungry", ".txt");
            List<String> command = List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx120m",
                    "-DOPT_OUT_TRACKING=true",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Hungry.class.getName(),
                    String.valueOf(seed),
                    policy);
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said)
                    .start();
            boolean ended = process.waitFor(HANGS_AFTER_MINUTES, TimeUnit.MINUTES);
            process.destroyForcibly().waitFor();
            String output = Files.readString(said.toPath(), StandardCharsets.UTF_8);
            assertThat(ended).as("seed " + seed + " hangs: " + output).isTrue();
            assertThat(output)
                    .as("seed " + seed)
                    .containsPattern("(?m)^(end COMPLETED failures [1-9]|named round \\d+)");
            assertThat(output).as("seed " + seed).contains("threads []").doesNotContain("Self-suppression");
            outcomes.add(policy + ": "
                    + output.lines()
                            .filter(line -> line.startsWith("end ") || line.startsWith("named "))
                            .findFirst()
                            .orElse(""));
        }
        outcomes.forEach(System.out::println);
        System.out.println("full heaps " + outcomes.size());
    }
}
