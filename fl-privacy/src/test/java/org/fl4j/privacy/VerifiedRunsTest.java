package org.fl4j.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Client;
import org.fl4j.core.Codec;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.AskingServer;
import org.fl4j.fixture.HalfPrecision;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.local.LocalDp;
import org.fl4j.privacy.local.NoisyUpload;
import org.fl4j.privacy.local.PrivacyFacts;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.privacy.secure.FixedPoint;
import org.fl4j.privacy.secure.SecureMean;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.ServerLayer;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An epsilon is reported only of runs that are made of the parts it is accounted for, however the builder got these
 * parts.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VerifiedRunsTest {
    private static final double DELTA = 1e-5;

    private Dataset digits;

    @BeforeAll
    void generate() {
        digits = Digits.generate(400, 40, new Seed(1));
    }

    @AfterAll
    void close() {
        digits.close();
    }

    private SimulationBuilder run() {
        return SmallRuns.softmax(digits, 40)
                .testData(digits.test())
                .selector(SmallRuns.FIRST)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .cohortSize(8)
                .rounds(2)
                .seed(5);
    }

    /** Has the parts of an algorithm, and asks it nothing. */
    private record Unasked(Algorithm algorithm) implements Algorithm {
        @Override
        public Parts on(Parts parts) {
            return algorithm.on(parts);
        }
    }

    /**
     * As a builder is configured that an algorithm gets its hands on without {@code algorithm(...)}: nothing asks the
     * algorithm itself.
     */
    private SimulationBuilder configured(String name) {
        SimulationBuilder builder = run();
        Algorithm algorithm = StrategyRegistry.load().parse(Algorithm.class, name);
        builder.algorithm(new Unasked(algorithm));
        return builder;
    }

    private void refuses(String name, Consumer<SimulationBuilder> other, String message) {
        SimulationBuilder builder = configured(name);
        other.accept(builder);
        assertThatThrownBy(() -> builder.build().run())
                .as(name)
                .isInstanceOf(RuntimeException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "central-dp",
                "local-dp",
                "dp-sgd:accountant=rdp",
                "dp-ftrl:epochRounds=3,cohort=8",
                "distributed-dp:epochRounds=3"
            })
    void theirOwnPartsAreAccepted(String name) {
        try (RunResult result = configured(name).build().run()) {
            assertThat(result.finalMetrics().find("privacy/epsilon")).isPresent();
        }
    }

    @Test
    void centralEpsilonNeedsItsSelectorPolicyAndClipping() {
        refuses(
                "central-dp",
                builder -> builder.selector((available, count, round, state) -> List.of(available.id(0))),
                "selector under central differential privacy must be");
        refuses(
                "central-dp",
                builder -> builder.updates(UpdatePolicy.all().minimumUpdates(2)),
                "update policy under central differential privacy must be");
        refuses(
                "central-dp",
                builder -> builder.uploadTransform(UpdateTransform.none()),
                "upload transform under central differential privacy must be");
        refuses(
                "central-dp",
                builder -> builder.server((server, parts) -> server),
                "server under central differential privacy must be");
    }

    @Test
    void epsilonOfTurnsNeedsItsSelectorAndCohort() {
        String ftrl = "dp-ftrl:epochRounds=3,cohort=8";
        refuses(
                ftrl,
                builder -> builder.selector((available, count, round, state) -> List.of(available.id(0))),
                "selector under DP-FTRL must be");
        refuses(ftrl, builder -> builder.cohortSize(9), "cohortSize must be the cohort of DP-FTRL, 8, but was 9");
        refuses(
                "distributed-dp:epochRounds=3",
                builder -> builder.uploadTransform(UpdateTransform.none()),
                "upload transform under distributed differential privacy must be");
        refuses(
                "distributed-dp:epochRounds=3",
                builder -> builder.cohortSize(9),
                "cohortSize must be the cohort of distributed differential privacy");
    }

    /**
     * A share of the noise says the same multiplier as all of it, and DP-SGD's clients are known by what they send
     * alone.
     */
    @Test
    void accountsOfClientsNeedTheReleasesTheyCount() {
        UpdateTransform share = NoisyUpload.share(.5, 10, 100, NoiseSource.seeded());
        refusesBeforeItRuns(
                "local-dp",
                builder -> builder.uploadTransform(share),
                "last upload transform under local differential privacy must be the noise it sets, but was"
                        + " NoisyUpload");
        refusesBeforeItRuns(
                "dp-sgd:accountant=rdp",
                builder -> builder.sgdClients(SgdClient::new),
                "clients under DP-SGD must be those it sets");
        refusesBeforeItRuns(
                "dp-sgd:accountant=rdp",
                builder -> builder.clients((id, worker) -> new SgdClient(id, worker, LocalTraining.sgd(.1))),
                "clients under DP-SGD must be those it sets");
    }

    /** What is done to an update before its release costs nothing: only the last transform releases. */
    @ParameterizedTest
    @ValueSource(strings = {"central-dp", "local-dp", "distributed-dp:epochRounds=3"})
    void transformsBeforeTheReleaseAreAccepted(String name) {
        List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
        SimulationBuilder builder = run().uploadTransform((update, task) -> {
            seen.add(task.client().index());
            return update;
        });
        Algorithm algorithm = StrategyRegistry.load().parse(Algorithm.class, name);
        builder.algorithm(new Unasked(algorithm));
        try (RunResult result = builder.build().run()) {
            assertThat(result.finalMetrics().find("privacy/epsilon")).isPresent();
            assertThat(seen).isNotEmpty();
        }
    }

    /** Makes deltas so many times as large on their way. */
    private record Enlarging(double factor) implements Codec {
        @Override
        public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
            return new Encoded(Map.of("delta", delta.floats().mul(factor)), StrategyState.empty());
        }

        @Override
        public Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver) {
            return new Decoded(
                    new ParameterVector(layout, arrays.get("delta").duplicate(), Optional.empty()),
                    StrategyState.empty());
        }

        @Override
        public long plannedBytes(ParameterLayout layout) {
            return layout.byteCount();
        }
    }

    /**
     * A codec may lengthen what the client clipped, so the server clips what it decodes: then lengths beyond the bound,
     * here by powers of two, make no difference to any bit.
     */
    @ParameterizedTest
    @ValueSource(strings = {"central-dp:clippingBound=0.001", "dp-ftrl:epochRounds=3,cohort=8,clippingBound=0.001"})
    void theNoisySumClipsWhatACodecDelivers(String name) {
        assertThat(state(configured(name).codec(new Enlarging(1 << 20))))
                .isEqualTo(state(configured(name).codec(new Enlarging(1 << 10))))
                .isNotEqualTo(state(configured(name).codec(new Enlarging(0))));
    }

    private static String state(SimulationBuilder builder) {
        try (RunResult result = builder.build().run()) {
            return result.stateSha256();
        }
    }

    /** Frozen parameters are no buffers: nothing of them leaves, so there is nothing to clip or to noise. */
    @ParameterizedTest
    @ValueSource(strings = {"central-dp", "local-dp", "dp-sgd:accountant=rdp", "distributed-dp:epochRounds=3"})
    void frozenParametersArePrivate(String name) {
        SimulationBuilder builder = configured(name)
                .task(LearningTask.classification(
                        Network.of(
                                new Layer.Flatten(),
                                new Layer.Dense(30).frozen(),
                                new Layer.BatchNorm().frozen(),
                                new Layer.Relu(),
                                new Layer.Dense(10)),
                        new Shape(1, 28, 28)));
        try (RunResult result = builder.build().run()) {
            assertThat(result.finalMetrics().find("privacy/epsilon")).isPresent();
            assertThat(result.state().model().layout().floatCount()).isEqualTo(31 * 10);
        }
    }

    /** Answers are about data, and nobody adds noise to them. */
    @Test
    void queriesAreRefusedUnderLocalPrivacy() {
        refusesBeforeItRuns(
                "local-dp",
                builder -> builder.server(AskingServer.decorator("class-counts", "class-counts")),
                "servers under a ledger of clients' privacy must be ones that ask no queries, for answers would leave"
                        + " clients without noise");
        SimulationBuilder asking = configured("local-dp")
                .server((server, run) -> new AskingServer(server, "class-counts", "class-counts")); // which tells not
        assertThatThrownBy(() -> asking.build().run())
                .hasStackTraceContaining("query under a ledger of clients' privacy must be left out, for its answers"
                        + " would leave clients without noise, but was class-counts");
        refusesBeforeItRuns(
                "local-dp",
                builder -> builder.server(ServerLayer.GATE, AskingServer.decorator("class-counts", "class-counts")),
                "last server of layer GATE under a ledger of clients' privacy must be the ledger");
        refusesBeforeItRuns(
                "dp-ftrl:epochRounds=3,cohort=8",
                builder -> builder.uploadTransform(UpdateTransform.none()),
                "last upload transform under DP-FTRL must be the clipping it sets");
        refusesBeforeItRuns(
                "central-dp",
                builder -> builder.server(AskingServer.decorator("class-counts", "class-counts")),
                "server under central differential privacy must be the composed one");
    }

    @Test
    void aReleaseMayBeEncoded() {
        try (RunResult result =
                configured("local-dp").codec(new HalfPrecision()).build().run()) {
            assertThat(result.finalMetrics().find("privacy/epsilon")).isPresent();
            assertThat(result.bytesUp()).isEqualTo(2 * 8 * 2 * 7850);
        }
    }

    @Test
    void secureSumsRefuseACodecAndQueries() {
        String message = "codec under secure sums must be left out, for the server would have to decode the deltas that"
                + " it must not see, but was HalfPrecision";
        refusesBeforeItRuns("distributed-dp:epochRounds=3", builder -> builder.codec(new HalfPrecision()), message);
        SimulationBuilder mean = run().aggregator(new SecureMean(new FixedPoint(8, 1 << 22, 1000)))
                .codec(new HalfPrecision());
        assertThatThrownBy(mean::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        SimulationBuilder asking = run().aggregator(new SecureMean(new FixedPoint(8, 1 << 22, 1000)))
                .server(AskingServer.decorator("class-counts", "class-counts"));
        assertThatThrownBy(asking::build)
                .hasMessage("servers under secure sums must be ones that ask no queries, for the server would see each"
                        + " answer, but was one that does");
    }

    private void refusesBeforeItRuns(String name, Consumer<SimulationBuilder> other, String message) {
        SimulationBuilder builder = configured(name);
        other.accept(builder);
        assertThatThrownBy(builder::build)
                .as(name)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    /** Trains as usual, and says of its update what it likes. */
    private record Claiming(Client client, Facts claims) implements Client {
        @Override
        public ClientId id() {
            return client.id();
        }

        @Override
        public ModelUpdate train(TrainingTask task) {
            ModelUpdate update = client.train(task);
            return update.with(update.facts().with(claims)).withMetrics(claims.asMetrics());
        }

        @Override
        public Metrics evaluate(TrainingTask task) {
            return client.evaluate(task);
        }
    }

    private static SimulationBuilder claiming(SimulationBuilder builder, Facts claims) {
        return builder.clients((id, worker) -> new Claiming(new SgdClient(id, worker, LocalTraining.sgd(.1)), claims));
    }

    @Test
    void whatAClientClaimsOfItsNoiseIsNotCharged() {
        Facts claims = Facts.of(PrivacyFacts.LAPLACE_MULTIPLIER, 1e9)
                .with(PrivacyFacts.GAUSSIAN_MULTIPLIER, 1e9)
                .with(PrivacyFacts.RELEASE_EPSILON, 0.0);
        LocalDp dp = new LocalDp(1, new Mechanism.Gaussian(2), 50, DELTA, NoiseSource.seeded());
        try (RunResult result =
                claiming(run().algorithm(dp), claims).rounds(1).build().run()) {
            assertThat(result.finalMetrics().value("privacy/epsilon")).isEqualTo(GaussianMechanism.epsilon(2, DELTA));
        }
    }

    /**
     * Clients that clip gradients report the share they clipped, under the name that the clipping of updates has too.
     */
    @Test
    void centralPrivacyCountsItsOwnClippingAlone() {
        Facts claims = Facts.of(Fact.ofData("train/clipped"), 3 / 7.0)
                .with(TrainingFacts.UPDATE_NORM, 1e9)
                .with(Fact.ofSetting("privacy/below bound"), .25);
        try (RunResult result = claiming(configured("central-dp:clipping=quantile,rate=0.5"), claims)
                .rounds(1)
                .build()
                .run()) {
            assertThat(result.history().get(0).rejected()).isEmpty();
            assertThat(result.history().get(0).clients()).isNotEmpty();
        }
    }
}
