package org.fl4j.privacy.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingFacts;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDpTest extends LocalDpSetup {
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
}
