package org.fl4j.privacy.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.Models;
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
import org.fl4j.testing.TensorTest;
import org.fl4j.world.ClientDurations;
import org.fl4j.world.World;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDpTest extends TensorTest {
    private static final double DELTA = 1e-5;

    private static SimulationBuilder run(Dataset digits, Algorithm dp) {
        return Simulation.builder()
                .selector((available, count, round, state) -> IntStream.range(0, Math.min(count, available.size()))
                        .mapToObj(available::id)
                        .toList())
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .algorithm(dp)
                .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), 10, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1))
                .cohortSize(4)
                .rounds(20)
                .seed(2);
    }

    /** The rule of the original: budget 1 / (1 + rank), Gaussian below rank 5 and Laplace from there on. */
    @Test
    void priorityClassesChooseMechanismAndNoise() {
        NoiseRule rule = NoiseRule.priorities(1, DELTA, ClientId::index);
        assertThat(rule.mechanism(new ClientId(0), 1).noiseMultiplier()).isCloseTo(3.73063163481594, within(1e-8));
        for (int rank = 0; rank < 8; rank++) {
            Mechanism mechanism = rule.mechanism(new ClientId(rank), 1);
            double share = 1.0 / (1 + rank);
            if (rank < 5) {
                assertThat(GaussianMechanism.epsilon(mechanism.noiseMultiplier(), DELTA))
                        .isBetween(share * (1 - 1e-6), share * (1 + 1e-12));
            } else {
                assertThat(mechanism).isEqualTo(new Mechanism.Laplace(1 / share));
            }
        }
        assertThatThrownBy(() -> NoiseRule.priorities(1, DELTA, client -> -1).mechanism(new ClientId(3), 1))
                .hasMessage("rank of client 3 must be at least 0, but was -1");
    }

    /**
     * Eighty per cent of memory used raises the noise by a fifth, once, and relief brings it back to the base, not
     * below.
     */
    @Test
    void pressureOnlyRaisesNoiseAndNeverCompounds() {
        double[] used = {.5, .9, .9, .9, .3, .1};
        int[] at = {0};
        NoiseRaise raise = NoiseRaise.under(() -> used[at[0]], .8, 1.2);
        double[] factors = {1, 1.2, 1.2, 1.2, 1, 1};
        for (int i = 0; i < used.length; i++) {
            at[0] = i;
            assertThat(raise.factor(new ClientId(0), 1)).isEqualTo(factors[i]);
        }
        assertThatThrownBy(() -> NoiseRaise.under(() -> 1, .8, .8))
                .hasMessage("factor must be at least 1 and finite, but was 0.8");
        LocalDp lowering = new LocalDp(
                1,
                NoiseRule.same(new Mechanism.Gaussian(2)),
                (client, round) -> .8,
                8,
                DELTA,
                NoiseSource.seeded(),
                Optional.empty());
        assertThatThrownBy(() -> lowering.release().transform(update(1, 1, vector(1)), task(1)))
                .hasMessage("factor of the noise must be at least 1 and finite, but was 0.8");
    }

    private TrainingTask task(int client) {
        return new TrainingTask(round().ticket(new ClientId(client)), 0, vector(0));
    }

    @Test
    void whatIsChargedIsWhatWasSent() {
        LocalDp dp = new LocalDp(
                2,
                NoiseRule.priorities(1, DELTA, ClientId::index),
                (client, round) -> 1.5,
                8,
                DELTA,
                NoiseSource.seeded(),
                Optional.empty());
        ModelUpdate gaussian = dp.release().transform(update(1, 1, vector(1)), task(1));
        double base = GaussianMechanism.noiseMultiplier(.5, DELTA);
        assertThat(gaussian.facts().get(PrivacyFacts.GAUSSIAN_MULTIPLIER)).isEqualTo(1.5 * base);
        assertThat(gaussian.facts().get(PrivacyFacts.NOISE_SCALE)).isEqualTo(3 * base);
        assertThat(dp.ledger().released(gaussian.facts()).mechanism()).isEqualTo(new Mechanism.Gaussian(1.5 * base));
        ModelUpdate laplace = dp.release().transform(update(6, 1, vector(1)), task(6));
        assertThat(dp.ledger().released(laplace.facts()).mechanism()).isEqualTo(new Mechanism.Laplace(1.5 * 7));
        assertThatThrownBy(() -> dp.release()
                        .transform(
                                update(1, 1, vector(1))
                                        .withAttachment("variate", vector(1).floats()),
                                task(1)))
                .hasMessage("attachments of an update under differential privacy must be none, for they would leave"
                        + " without noise, but was [variate]");
    }

    /** Gaussian releases compose to one of the summed inverse squares, Laplace releases add their epsilons. */
    @Test
    void accountsCompose() {
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(4), 8, DELTA, NoiseSource.seeded());
        ClientLedger ledger = dp.ledger();
        double[] account = new double[ledger.numbers()];
        for (int i = 0; i < 4; i++) {
            account = ledger.charged(account, ledger.next(new ClientId(0), 1));
        }
        assertThat(ledger.spent(account)).isEqualTo(GaussianMechanism.epsilon(2, DELTA));
        account = ledger.charged(account, ledger.released(Facts.of(PrivacyFacts.LAPLACE_MULTIPLIER, 4.0)));
        assertThat(ledger.spent(account)).isEqualTo(GaussianMechanism.epsilon(2, DELTA) + .25);
    }

    /**
     * Four of ten clients a round, each of whom can pay for three tasks: three rounds of the first four, of the next
     * four and of the last two.
     */
    @Test
    void clientsTakePartUntilTheirBudgetIsSpent(@TempDir Path directory) throws IOException {
        double three = GaussianMechanism.epsilon(2 / Math.sqrt(3), DELTA);
        Path file = directory.resolve("privacy.jsonl");
        LocalDp dp = new LocalDp(
                1,
                NoiseRule.same(new Mechanism.Gaussian(2)),
                NoiseRaise.none(),
                three,
                DELTA,
                NoiseSource.seeded(),
                Optional.of(new PrivacyLog(file, NoiseSource.seeded())));
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, dp).workers(1).build().run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(result.history().size()).isEqualTo(9);
            int[] tasks = new int[10];
            result.history().forEach(round -> round.cohort().forEach(client -> tasks[client.index()]++));
            assertThat(tasks).containsOnly(3);
            RoundReport last = result.history().get(8);
            assertThat(last.metrics().value("privacy/epsilon")).isEqualTo(three);
            List<String> lines = Files.readAllLines(file);
            assertThat(lines).hasSize(30);
            JsonObject line = JsonParser.parseString(lines.get(29)).getAsJsonObject();
            assertThat(line.get("mechanism").getAsString()).isEqualTo("Gaussian");
            assertThat(line.get("scale").getAsDouble()).isEqualTo(2);
            assertThat(line.get("epsilon").getAsDouble()).isEqualTo(GaussianMechanism.epsilon(2, DELTA));
            assertThat(line.get("epsilonSoFar").getAsDouble()).isEqualTo(three);

            Path checkpoints = directory.resolve("checkpoints");
            run(digits, dp).rounds(3).checkpoints(checkpoints, 1).build().run().close();
            assertThat(Files.readAllLines(file)).hasSize(12);
            try (RunResult resumed = run(digits, dp)
                    .workers(3)
                    .checkpoints(checkpoints, 1)
                    .resume(true)
                    .build()
                    .run()) {
                assertThat(resumed.stateSha256()).isEqualTo(result.stateSha256());
                assertThat(Files.readAllLines(file)).isEqualTo(lines);
            }
        }
    }

    /** Sending is what costs: that the server leaves an update out does not give the budget back. */
    @Test
    void rejectedUpdatesAreChargedToo() {
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(2), 50, DELTA, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, dp)
                        .rounds(1)
                        .updates(UpdatePolicy.all().minimumUpdates(5))
                        .build()
                        .run()) {
            assertThat(result.history().get(0).clients()).isEmpty();
            assertThat(result.finalMetrics().value("privacy/epsilon")).isEqualTo(GaussianMechanism.epsilon(2, DELTA));
        }
    }

    @Test
    void refusesABudgetThatPaysForNobody() {
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(2), .1, DELTA, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            Simulation simulation = run(digits, dp).build();
            assertThatThrownBy(simulation::run)
                    .hasMessageEndingWith("clients whose budget pays for a task must be one at least, but was 0");
            assertThatThrownBy(() -> run(digits, dp)
                            .uploadTransform(UpdateTransform.none())
                            .build())
                    .hasMessageStartingWith(
                            "last upload transform under local differential privacy must be the noise it sets");
        }
    }

    /** A loss is the client's data: an aggregator that weighs by it does not get it, and nor does a selector. */
    @Test
    void nobodyOnTheServerSeesWhatClientsMeasured() {
        List<ModelUpdate> seen = new ArrayList<>();
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(2), 50, DELTA, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, dp)
                        .aggregator(new ListAggregator(updates -> {
                            seen.addAll(updates);
                            return updates.get(0).delta();
                        }))
                        .rounds(1)
                        .build()
                        .run()) {
            assertThat(seen).hasSize(4).allSatisfy(update -> {
                assertThat(update.metrics()).isEqualTo(Metrics.none());
                assertThat(update.facts().values())
                        .containsOnlyKeys(
                                PrivacyFacts.NOISE_SCALE,
                                PrivacyFacts.GAUSSIAN_MULTIPLIER,
                                PrivacyFacts.RELEASE_EPSILON,
                                TrainingFacts.LEARNING_RATE);
                assertThat(update.exampleCount()).isEqualTo(1);
                assertThat(update.localSteps()).isEqualTo(1);
            });
            assertThat(result.history().get(0).clients().get(new ClientId(0)).find("train/loss"))
                    .as("in the experimenter's report")
                    .isPresent();
        }
    }

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

    private static LocalDp logged(Mechanism mechanism, double epsilon, Path file) {
        return new LocalDp(
                1,
                NoiseRule.same(mechanism),
                NoiseRaise.none(),
                epsilon,
                DELTA,
                NoiseSource.seeded(),
                Optional.of(new PrivacyLog(file, NoiseSource.seeded())));
    }

    private static List<JsonObject> lines(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
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
