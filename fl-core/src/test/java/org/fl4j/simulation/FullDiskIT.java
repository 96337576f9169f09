package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.fl4j.data.Dataset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that may not write large files, as on a full disk: its run ends with the reason, and resumes when there is
 * room.
 */
class FullDiskIT {
    private static final int ROUNDS = 60;
    private static final int LARGEST_KIBIBYTES = 50; // a checkpoint has some 40; the history outgrows it in some rounds

    /** Runs, or resumes; prints the hash of the model. */
    public static final class Writer {
        private Writer() {}

        /** Takes the directory. */
        public static void main(String[] arguments) {
            try (Dataset digits = Fixtures.digits();
                    RunResult result = Fixtures.softmaxRun(digits)
                            .rounds(ROUNDS)
                            .checkpoints(Path.of(arguments[0]), 1)
                            .resume(true)
                            .build()
                            .run()) {
                System.out.println("sha256 " + result.stateSha256());
            }
        }
    }

    private static String run(Path directory, String limit) throws IOException, InterruptedException {
        Path said = Files.createTempFile(directory.getParent(), "said", ".txt");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        new ProcessBuilder(List.of(
                        "bash",
                        "-c",
                        limit + " exec \"$0\" \"$@\"",
                        java,
                        "-XX:-UsePerfData",
                        "-DOPT_OUT_TRACKING=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        directory.toString()))
                .redirectErrorStream(true)
                // not into a file, which the limit would cut
                .start()
                .getInputStream()
                .transferTo(Files.newOutputStream(said));
        return Files.readString(said, StandardCharsets.UTF_8);
    }

    @Test
    void aFullDiskEndsTheRunWithTheReasonAndLosesNothing(@TempDir Path root) throws Exception {
        assumeTrue(Files.exists(Path.of("/bin/bash")), "needs bash, whose ulimit stands for a full disk");
        Path directory = root.resolve("run");
        String full = run(directory, "ulimit -f " + LARGEST_KIBIBYTES + ";");
        assertThat(full)
                .contains("CheckpointException: checkpoint " + directory)
                .contains("File too large");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".partial"));
        }
        assertThat(Checkpoint.latest(directory).map(CheckpointFiles::round).orElse(0))
                .isBetween(1, ROUNDS - 1);
        String resumed = run(directory, "");
        try (Dataset digits = Fixtures.digits();
                RunResult undisturbed =
                        Fixtures.softmaxRun(digits).rounds(ROUNDS).build().run()) {
            assertThat(resumed).contains("sha256 " + undisturbed.stateSha256());
        }
    }
}
