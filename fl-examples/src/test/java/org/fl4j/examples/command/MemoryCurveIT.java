package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ServerState;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.Simulation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Resident memory over 200 rounds of the 2NN; Linux only, for it reads /proc. */
@Tag("long")
@Isolated("measures the memory of the whole process")
class MemoryCurveIT {
    private static final Path STATUS = Path.of("/proc/self/status");

    private static long residentMebibytes() {
        try (var lines = Files.lines(STATUS)) {
            String line =
                    lines.filter(text -> text.startsWith("VmRSS")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void staysFlatAfterWarmUp() {
        assumeTrue(Files.exists(STATUS), "skipped: there is no " + STATUS);
        List<Long> resident = new ArrayList<>();
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(60_000, 10_000, seed)) {
            Simulation.builder()
                    .task(Models.mnist2nn())
                    .data(digits.federated(
                            Partitioners.iid().partition(digits.train().classIndices(), 100, seed)))
                    .testData(digits.test())
                    .training(LocalTraining.sgd(.1))
                    .selector(new UniformSelector())
                    .aggregator(new FedAvg())
                    .cohortSize(10)
                    .rounds(200)
                    .listener(new RunListener() {
                        @Override
                        public void roundEnded(RoundReport report, ServerState state) {
                            if (report.round() % 20 == 0) {
                                resident.add(residentMebibytes());
                            }
                        }
                    })
                    .build()
                    .run()
                    .close();
        }
        System.out.println("resident MiB at rounds 20, 40, ... 200: " + resident);
        assertThat(resident.get(9) - resident.get(2))
                .as("MiB from round 60 to round 200")
                .isLessThan(64);
    }
}
