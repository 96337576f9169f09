package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.experiments.monitoring.SystemProbe;
import org.fl4j.message.ServerState;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * What looking at the machine costs: runs with and without it in turn, and the processor time of the thread that looks.
 */
@Tag("long")
@Isolated("measures time, and finds the thread that looks among all of the process")
class MonitoringOverheadIT {
    private static final int PAIRS = 7;
    private static final int ROUNDS = 60;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @TempDir
    Path directory;

    private ExperimentSpec spec() throws IOException {
        Path file = Files.writeString(directory.resolve("experiment.yaml"), "rounds: " + ROUNDS + "\nseed: 1\n");
        return ExperimentFile.read(file).runs().get(0).spec();
    }

    /** Sums the processor time of the thread that looks, as of the last round. */
    private static final class Looking implements RunListener {
        private long nanos;

        @Override
        public void roundEnded(RoundReport report, ServerState state) {
            for (long id : THREADS.getAllThreadIds()) {
                if (THREADS.getThreadInfo(id) != null
                        && THREADS.getThreadInfo(id).getThreadName().equals("fl4j-monitor")) {
                    nanos = THREADS.getThreadCpuTime(id);
                }
            }
        }
    }

    private static double medianRound(RunResult result) {
        double[] seconds = result.history().stream()
                .skip(10) // until all is warm
                .mapToDouble(round -> round.trainSeconds() + round.evaluationSeconds())
                .sorted()
                .toArray();
        return seconds[seconds.length / 2];
    }

    @Test
    void isLessThanAHundredthOfARound() throws IOException {
        double[] ratios = new double[PAIRS];
        double looked = 0;
        double all = 0;
        try (Dataset digits = Digits.generate(6000, 1000, new Seed(0))) {
            SystemProbe probe = new SystemProbe(directory, List.of(Device.cpu()));
            for (int pair = 0; pair < PAIRS; pair++) {
                SimulationBuilder plain = spec().builder(digits);
                Looking looking = new Looking();
                SimulationBuilder monitored = spec().builder(digits)
                        .monitor(probe, Duration.ofMillis(500))
                        .listener(looking);
                try (RunResult without = plain.build().run();
                        RunResult with = monitored.build().run()) {
                    assertThat(with.stateSha256()).isEqualTo(without.stateSha256());
                    ratios[pair] = medianRound(with) / medianRound(without);
                    looked += looking.nanos / 1e9;
                    all += with.seconds() * Runtime.getRuntime().availableProcessors();
                }
            }
        }
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "looking takes %.3f %% of all processors' time; a round takes %.3f times what it takes without"
                        + " (median of %d"
                        + " pairs, %.3f to %.3f)%n",
                100 * looked / all,
                ratios[PAIRS / 2],
                PAIRS,
                ratios[0],
                ratios[PAIRS - 1]);
        assertThat(looked).as("processor time of the thread that looks").isPositive();
        assertThat(looked / all).isLessThan(.01);
        assertThat(ratios[PAIRS / 2]).as("of noisy clocks").isLessThan(1.1);
    }
}
