package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * A process that writes rounds is killed fifty times: the store opens, and every round that was finished is there,
 * whole.
 */
@Tag("long")
@Isolated("measures time")
class KilledStoreIT {
    @TempDir
    Path directory;

    /** Writes rounds for ever, and says after each that it is finished. */
    public static final class Writer {
        private Writer() {}

        /** Takes the directory. */
        public static void main(String[] arguments) throws IOException {
            Path directory = Path.of(arguments[0]);
            try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
                int id = store.begin("killed", "yaml", TrackingStoreTest.run(directory, 1), TrackingStoreTest.VERSIONS);
                int first = store.read().metric(id, "test/accuracy").size() + 1;
                for (int round = first; ; round++) {
                    long start = System.nanoTime();
                    store.add(id, TrackingStoreTest.report(round, 1.0 / round), TrackingStoreTest.tasks(round));
                    System.out.println(round + " " + (System.nanoTime() - start) / 1000);
                }
            }
        }
    }

    @Test
    void nothingFinishedIsLost() throws Exception {
        RandomGenerator random = new Seed(1).generator();
        int finished = 0;
        double microseconds = 0;
        int timed = 0;
        for (int kill = 0; kill < 50; kill++) {
            Process writer = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Writer.class.getName(),
                            directory.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            int more = 1 + random.nextInt(60);
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(writer.getInputStream(), StandardCharsets.UTF_8))) {
                for (int i = 0; i < more; i++) {
                    String[] line = lines.readLine().split(" ", 2);
                    finished = Integer.parseInt(line[0]);
                    if (i > 10) {
                        microseconds += Double.parseDouble(line[1]);
                        timed++;
                    }
                }
                assertThat(writer.toHandle().destroyForcibly()).isTrue(); // kill -9, and the stream stays open
                assertThat(writer.waitFor()).isNotZero();
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.contains(" ")) {
                        finished = Integer.parseInt(line.split(" ", 2)[0]);
                    }
                }
            }
            try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
                int id = store.read().all().get(0).id();
                int rounds = store.read().all().get(0).rounds();
                assertThat(rounds).as("after kill " + kill).isGreaterThanOrEqualTo(finished);
                assertThat(store.read().metric(id, "test/accuracy"))
                        .hasSize(rounds)
                        .containsEntry(finished, 1.0 / finished);
                assertThat(store.read().metric(id, "test/loss")).hasSize(rounds);
            }
        }
        System.out.printf("a round takes %.0f microseconds to enter, of %d rounds%n", microseconds / timed, timed);
        assertThat(microseconds / timed).isLessThan(10_000);
    }
}
