package org.fl4j.privacy.local;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;

/** What {@link LocalDpTest} and {@link LocalDpChargesTest} share. */
abstract class LocalDpSetup extends TensorTest {
    static final double DELTA = 1e-5;

    static SimulationBuilder run(Dataset digits, Algorithm dp) {
        return SmallRuns.softmax(digits, 10)
                .selector(SmallRuns.FIRST)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .algorithm(dp)
                .testData(digits.test())
                .cohortSize(4)
                .rounds(20)
                .seed(2);
    }

    TrainingTask task(int client) {
        return new TrainingTask(round().ticket(new ClientId(client)), 0, vector(0));
    }

    static LocalDp logged(Mechanism mechanism, double epsilon, Path file) {
        return new LocalDp(
                1,
                NoiseRule.same(mechanism),
                NoiseRaise.none(),
                epsilon,
                DELTA,
                NoiseSource.seeded(),
                Optional.of(new PrivacyLog(file, NoiseSource.seeded())));
    }

    static List<JsonObject> lines(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }
}
