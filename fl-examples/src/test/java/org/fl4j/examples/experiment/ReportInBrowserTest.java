package org.fl4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens a report in headless Chromium, if there is one, and looks at a screenshot. */
class ReportInBrowserTest {
    @TempDir
    Path directory;

    private static Optional<Path> chromium() {
        return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Test
    void showsCurves() throws IOException, InterruptedException {
        Optional<Path> browser = chromium();
        assumeTrue(browser.isPresent(), "no Chromium in /usr/bin: the report is not opened in a browser");
        Path report = directory.resolve("report.html");
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            for (int seed = 1; seed <= 2; seed++) {
                int id = store.begin("shown", "yaml", TrackingStoreTest.run(directory, seed));
                for (int round = 1; round <= 5; round++) {
                    store.add(id, TrackingStoreTest.report(round, .1 * round + .05 * seed));
                }
            }
            ComparisonReport.write(store, directory, report);
        }
        Path screenshot = directory.resolve("report.png");
        Process process = new ProcessBuilder(
                        browser.get().toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--window-size=900,1200",
                        "--screenshot=" + screenshot,
                        report.toUri().toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chromium.log").toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("Chromium ends").isTrue();
        BufferedImage image = ImageIO.read(screenshot.toFile());
        assertThat(IntStream.range(0, image.getWidth() * image.getHeight())
                        .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
                        .filter(rgb -> (rgb & 0xffffff) == 0x1f77b4)
                        .count())
                .as("pixels of curves")
                .isGreaterThan(500);
    }
}
