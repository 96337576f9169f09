package org.fl4j.privacy.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.ClientDurations;
import org.fl4j.world.World;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDpChargesTest extends LocalDpSetup {
    /** With a raise every task is charged less than its base: the log and the budget go by what was sent. */
    @Test
    void raisesAreChargedThroughARun(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("privacy.jsonl");
        LocalDp dp = new LocalDp(
                1,
                NoiseRule.same(new Mechanism.Gaussian(2)),
                (client, round) -> round == 1 ? 1.5 : 1,
                50,
                DELTA,
                NoiseSource.seeded(),
                Optional.of(new PrivacyLog(file, NoiseSource.seeded())));
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, dp).rounds(2).build().run()) {
            double both = GaussianMechanism.epsilon(1 / Math.sqrt(1 / 9.0 + 1 / 4.0), DELTA);
            assertThat(result.finalMetrics().value("privacy/epsilon")).isEqualTo(both);
            JsonObject first =
                    JsonParser.parseString(Files.readAllLines(file).get(0)).getAsJsonObject();
            assertThat(first.get("noiseMultiplier").getAsDouble()).isEqualTo(3);
        }
    }

    /** On clocks too, whoever arrives is charged, and the budget holds. */
    @Test
    void accountsHoldOnClocks() {
        double three = GaussianMechanism.epsilon(2 / Math.sqrt(3), DELTA);
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(2), three, DELTA, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult timed = run(digits, parts -> parts)
                        .algorithm(new SynchronousTime((client, round, work) -> 1 + client.index(), 3.5))
                        .algorithm(dp)
                        .build()
                        .run();
                RunResult asynchronous = run(digits, parts -> parts)
                        .algorithm(new Asynchronous(3, 2, 5, (client, round, work) -> 1 + client.index()))
                        .algorithm(dp)
                        .build()
                        .run()) {
            for (RunResult result : List.of(timed, asynchronous)) {
                int[] sent = new int[10];
                result.history().forEach(round -> round.cohort().forEach(client -> sent[client.index()]++));
                assertThat(sent[0]).isEqualTo(3);
                assertThat(Arrays.stream(sent).max().orElseThrow()).isEqualTo(3);
                assertThat(result.finalMetrics().value("privacy/epsilon")).isLessThanOrEqualTo(three);
            }
        }
    }

    /**
     * Of four clients that are asked, the fastest is waited for, one is not, one is beyond the time-out, and one drops
     * out. All but the last have made their noise, and the server cannot take that back.
     */
    @Test
    void whoeverIsAskedIsChargedThoughNobodyWaits(@TempDir Path directory) throws IOException {
        Mechanism mechanism = new Mechanism.Gaussian(2);
        double once = GaussianMechanism.epsilon(2, DELTA);
        World world = new World(
                (client, round, work) -> client.index() == 2 ? 100 : 1 + client.index(),
                (client, seconds) -> client != 3 || seconds == 0, // it is gone when it would be done
                0);
        Path file = directory.resolve("privacy.jsonl");
        LocalDp dp = logged(mechanism, 50, file);
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, dp)
                        .algorithm(new SynchronousTime(world, 10))
                        .updates(UpdatePolicy.all().bufferSize(1))
                        .rounds(1)
                        .build()
                        .run()) {
            assertThat(result.history().get(0).clients()).containsOnlyKeys(new ClientId(0));
            List<JsonObject> lines = lines(file);
            assertThat(lines).extracting(line -> line.get("client").getAsInt()).containsExactly(0, 1, 2);
            assertThat(lines)
                    .extracting(line -> line.get("epsilonSoFar").getAsDouble())
                    .containsOnly(once);
            assertThat(lines)
                    .extracting(line -> line.get("scale").getAsDouble())
                    .containsOnly(2.0);
        }
    }

    /**
     * Arrivals that come too late for their model are releases like any others, one a client and round, and budgets
     * hold.
     */
    @Test
    void staleArrivalsAreCharged(@TempDir Path directory) throws IOException {
        Mechanism mechanism = new Mechanism.Gaussian(4);
        double four = GaussianMechanism.epsilon(4 / Math.sqrt(4), DELTA);
        ClientDurations durations =
                (client, round, work) -> client.index() % 3 == 0 ? 1 : round.number() % 2 == 0 ? .25 : 3;
        Path file = directory.resolve("privacy.jsonl");
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, logged(mechanism, four, file))
                        .algorithm(new Asynchronous(4, 1, /* maxStaleness= */ 0, durations))
                        .rounds(12)
                        .build()
                        .run()) {
            int[] arrived = new int[10];
            int stale = 0;
            for (RoundReport round : result.history()) {
                round.cohort().forEach(client -> arrived[client.index()]++);
                for (Rejection rejection : round.rejected()) {
                    if (rejection.reason() == RejectionReason.STALE) {
                        arrived[rejection.client().index()]++;
                        stale++;
                    }
                }
            }
            assertThat(stale).isPositive();
            int[] charged = new int[10];
            lines(file).forEach(line -> charged[line.get("client").getAsInt()]++);
            assertThat(charged).isEqualTo(arrived);
            assertThat(result.finalMetrics().value("privacy/epsilon")).isLessThanOrEqualTo(four);
        }
    }

    /** A client is let in by what it would spend in the round in which it starts, and may arrive in another. */
    @Test
    void noiseThatDependsOnTheRoundIsRefusedAsynchronously() {
        LocalDp falling = new LocalDp(
                1,
                (client, round) -> new Mechanism.Gaussian(round < 3 ? 8 : 2.2),
                NoiseRaise.none(),
                50,
                DELTA,
                NoiseSource.seeded(),
                Optional.empty());
        Algorithm asynchronous = new Asynchronous(4, 1, 20, (client, round, work) -> 1 + client.index());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            SimulationBuilder run = run(digits, falling).algorithm(asynchronous);
            assertThatThrownBy(run::build)
                    .hasMessage("noise rule under asynchronous rounds must be the same in every round,"
                            + " Gaussian[noiseMultiplier=8.0] for client 0, but was Gaussian[noiseMultiplier=2.2] in"
                            + " round 3");
        }
    }

    @Test
    void refusesToBeReplacedOrDoubled() {
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(2), 50, DELTA, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            SimulationBuilder twice = run(digits, dp).algorithm(dp);
            assertThatThrownBy(twice::build).hasMessage("ledgers of clients' privacy must be one, but was 2");
        }
    }

    /** Releases that are not the same again are not taken back from the log by a resume. */
    @Test
    void theLogKeepsReleasesOfSecureNoise(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("privacy.jsonl");
        LocalDp dp = new LocalDp(
                1,
                NoiseRule.same(new Mechanism.Gaussian(2)),
                NoiseRaise.none(),
                50,
                DELTA,
                NoiseSource.secure(),
                Optional.of(new PrivacyLog(file, NoiseSource.secure())));
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            Path checkpoints = directory.resolve("checkpoints");
            Simulation crashing = run(digits, dp)
                    .checkpoints(checkpoints, 2)
                    .listener(new RunListener() {
                        @Override
                        public void roundEnded(RoundReport report, ServerState state) {
                            if (report.round() == 3) {
                                throw new IllegalStateException("crash");
                            }
                        }
                    })
                    .rounds(4)
                    .build();
            assertThatThrownBy(crashing::run).hasMessage("crash");
            assertThat(Files.readAllLines(file)).hasSize(12);
            run(digits, dp)
                    .checkpoints(checkpoints, 2)
                    .resume(true)
                    .rounds(4)
                    .build()
                    .run()
                    .close();
            assertThat(Files.readAllLines(file)).hasSize(12 + 4); // a crash after round 3 does not repeat it
        }
    }
}
