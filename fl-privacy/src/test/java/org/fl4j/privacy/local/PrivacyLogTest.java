package org.fl4j.privacy.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.message.ClientId;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivacyLogTest {
    @TempDir
    Path directory;

    /** A release without noise costs an infinite epsilon, for which JSON has no number. */
    @Test
    void isStrictJsonAlsoOfAReleaseWithoutNoise() throws Exception {
        Path file = directory.resolve("privacy.jsonl");
        PrivacyLog log = new PrivacyLog(file, NoiseSource.seeded());
        PrivacyEvent event = new PrivacyEvent(new Mechanism.Gaussian(0), new SamplingScheme.Poisson(1), 1);
        log.runStarted(0, 1);
        log.add(new PrivacyRecord(1, new ClientId(3), event, 0, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY));
        log.roundEnded(
                new RoundReport(1, List.of(), Map.of(), Map.of(), List.of(), List.of(), Metrics.none(), 0, 0, .5, .5),
                null);
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(1);
        JsonObject line = ForeignReaders.strictJson(lines.get(0)).getAsJsonObject();
        assertThat(line.get("epsilon").getAsDouble()).isInfinite();
        assertThat(line.get("epsilonSoFar").getAsString()).isEqualTo("Infinity");
        assertThat(line.get("noiseMultiplier").getAsDouble()).isZero();
    }
}
