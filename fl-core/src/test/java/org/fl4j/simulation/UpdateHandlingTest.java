package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.DataType;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Admission;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.server.UpdateFilter;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Which updates a round takes, where they wait, and when they arrive. */
class UpdateHandlingTest extends TensorTest {
    private static final ListAggregator PLAIN_MEAN = new ListAggregator(updates -> {
        ParameterVector mean = updates.get(0).delta().copy();
        updates.subList(1, updates.size()).forEach(update -> mean.addScaledInPlace(update.delta(), 1));
        mean.floats().divi(updates.size());
        return mean;
    });

    @TempDir
    Path directory;

    private Dataset digits;

    @BeforeEach
    void generate() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    private SimulationBuilder setup() {
        return Fixtures.softmaxRun(digits);
    }

    private static String hash(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    /** Of the model alone, for runs whose clocks differ. */
    private static String modelHash(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.state().model().sha256();
        }
    }

    private static List<RoundReport> history(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.history();
        }
    }

    /** By index, so that it is known who comes first. */
    private static double byIndex(ClientId client) {
        return 10 + client.index();
    }

    @Test
    void aBufferClosesTheRoundAndNobodyLateIsTrained() {
        AtomicInteger trained = new AtomicInteger();
        SimulationBuilder run = setup().updates(UpdatePolicy.all().bufferSize(3))
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void beforeTraining(TrainingTask task, LocalModel model) {
                        trained.incrementAndGet();
                    }
                });
        List<RoundReport> history = history(run.workers(1));
        assertThat(trained).hasValue(4 * 3);
        assertThat(hash(run.workers(3))).isEqualTo(hash(run.workers(1)));
        assertThat(trained).hasValue(3 * 4 * 3);
        RoundReport first = history.get(0);
        assertThat(first.clients().keySet())
                .containsExactlyInAnyOrderElementsOf(first.cohort().subList(0, 3));
        assertThat(first.rejected())
                .containsExactly(
                        new Rejection(
                                first.cohort().get(3),
                                RejectionReason.LATE,
                                "the round closed with 3 updates before this one"),
                        new Rejection(
                                first.cohort().get(4),
                                RejectionReason.LATE,
                                "the round closed with 3 updates before this one"));
        assertThat(first.bytesUp()).isEqualTo(3 * 7850 * 4);
        assertThat(first.bytesDown()).isEqualTo(3 * 7850 * 4);
    }

    @Test
    void aBufferIsFilledByTheNextWhenOneIsRefused() {
        Set<ClientId> refused = ConcurrentHashMap.newKeySet();
        UpdateFilter filter = (update, state) -> {
            if (refused.isEmpty() || refused.contains(update.client())) {
                refused.add(update.client());
                return Admission.rejected(RejectionReason.REFUSED, "the first one always is");
            }
            return Admission.accepted();
        };
        UpdatePolicy policy = UpdatePolicy.all().bufferSize(3).filter(filter);
        RoundReport first = history(setup().rounds(1).updates(policy)).get(0);
        assertThat(first.clients().keySet())
                .containsExactlyInAnyOrderElementsOf(first.cohort().subList(1, 4));
        assertThat(first.rejected())
                .extracting(Rejection::reason)
                .containsExactly(RejectionReason.REFUSED, RejectionReason.LATE);
    }

    @Test
    void aFilterMayChangeWhatTheAggregatorSees() {
        UpdateFilter nothing = new UpdateFilter() {
            @Override
            public Admission onModelUpdate(ModelUpdate update, ServerState state) {
                return Admission.accepted();
            }

            @Override
            public ModelUpdate transformed(ModelUpdate update, ServerState state) {
                ParameterVector zeros = update.delta().copy();
                zeros.floats().muli(0);
                return update.withDelta(zeros).withMetrics(Metrics.of("seen", 1, 1));
            }
        };
        try (RunResult result = setup().rounds(1)
                        .updates(UpdatePolicy.all().filter(nothing))
                        .build()
                        .run();
                RunResult other = setup().rounds(1).build().run()) {
            assertThat(result.stateSha256()).isNotEqualTo(other.stateSha256());
            assertThat(result.finalMetrics().values().get("seen").weight()).isEqualTo(5);
            // no delta was seen, so the model is the initial one, that of a run whose only round makes nothing
            UpdatePolicy never = UpdatePolicy.all().minimumUpdates(6);
            assertThat(result.stateSha256()).isEqualTo(hash(setup().rounds(1).updates(never)));
        }
    }

    @Test
    void tooFewUpdatesMakeNothing() {
        UpdatePolicy four = UpdatePolicy.all()
                .minimumUpdates(4)
                .filter((update, state) -> update.client().index() % 2 == 0
                        ? Admission.accepted()
                        : Admission.rejected(RejectionReason.REFUSED, "odd"));
        int few = 0;
        for (RoundReport report : history(setup().rounds(6).updates(four))) {
            long even = report.cohort().stream()
                    .filter(client -> client.index() % 2 == 0)
                    .count();
            if (even < 4) {
                few++;
                assertThat(report.clients()).isEmpty();
                assertThat(report.rejected()).hasSize(5);
                assertThat(report.rejected())
                        .filteredOn(rejection -> rejection.reason() == RejectionReason.TOO_FEW)
                        .hasSize((int) even)
                        .allMatch(rejection ->
                                rejection.detail().equals("accepted updates must be at least 4, but were " + even));
            } else {
                assertThat(report.clients()).hasSize((int) even);
            }
        }
        assertThat(few).isPositive();
    }

    @Test
    void refusesPoliciesThatCannotBe() {
        assertThatThrownBy(() -> UpdatePolicy.all().minimumUpdates(-1))
                .hasMessage("minimumUpdates must be at least 0, but was -1");
        assertThatThrownBy(() -> UpdatePolicy.all().minimumUpdates(5).bufferSize(4))
                .hasMessage("bufferSize must be at least 5, but was 4");
    }

    @Test
    void spilledUpdatesGiveTheSameBitsAndAreDeletedOrRetained() throws Exception {
        String inMemory = hash(setup().aggregator(PLAIN_MEAN));
        Path spill = directory.resolve("spill");
        assertThat(hash(setup().aggregator(PLAIN_MEAN)
                        .updateStore(new DiskUpdateStore(spill, DiskUpdateStore.Retention.DELETE))))
                .isEqualTo(inMemory);
        assertThat(spill).isEmptyDirectory();
        Path kept = directory.resolve("kept");
        assertThat(hash(setup().aggregator(PLAIN_MEAN)
                        .updateStore(new DiskUpdateStore(kept, DiskUpdateStore.Retention.RETAIN))))
                .isEqualTo(inMemory);
        assertThat(kept.toFile().list()).hasSize(4);
        assertThat(kept.resolve("round-000001").toFile().list()).hasSize(5);
    }

    /** An attachment of another type than the rule's, which every client sends: the first rejection says so aloud. */
    @Test
    void theFirstRejectionForAReasonIsLogged() {
        Logger logger = (Logger) LoggerFactory.getLogger(FederatedRound.class);
        ListAppender<ILoggingEvent> seen = new ListAppender<>();
        seen.start();
        logger.addAppender(seen);
        try {
            SimulationBuilder run = setup().rounds(2)
                    .uploadTransform((update, task) -> update.withAttachment(
                            "of this test", update.delta().floats().toType(DataType.INT64, /* copy= */ true)));
            try (RunResult result = run.build().run()) {
                assertThat(result.end()).isEqualTo(RunResult.End.NO_UPDATES);
            }
        } finally {
            logger.detachAppender(seen);
        }
        // other tests of this class loader may reject updates meanwhile, but none with this attachment
        assertThat(List.copyOf(seen.list))
                .extracting(ILoggingEvent::getFormattedMessage)
                .filteredOn(message -> message.contains("of this test"))
                .hasSize(1)
                .first(InstanceOfAssertFactories.STRING)
                .matches("round 1, client \\d+: update rejected: attachment of this test must be float32, but was int64"
                        + " \\(WRONG_TYPE\\); later rejections for this reason are in the round reports only");
    }

    @Test
    void namesTheFileThatCannotBeSpilled() throws Exception {
        Path file = Files.writeString(directory.resolve("occupied"), "");
        SimulationBuilder run =
                setup().aggregator(PLAIN_MEAN).updateStore(new DiskUpdateStore(file, DiskUpdateStore.Retention.DELETE));
        assertThatThrownBy(() -> hash(run))
                .hasMessageContaining(file.resolve("round-000001").toString())
                .hasMessageEndingWith("an update cannot be spilled: Not a directory");
    }

    @Test
    void aTimeoutLeavesOutTheSlow() {
        SynchronousTime time = new SynchronousTime((client, round, work) -> byIndex(client), 16);
        List<RoundReport> history = history(setup().algorithm(time));
        double clock = 0;
        for (RoundReport report : history) {
            assertThat(report.cohort()).isSorted().allMatch(client -> client.index() <= 6);
            assertThat(report.clients()).containsOnlyKeys(report.cohort());
            assertThat(report.rejected()).hasSize(5 - report.cohort().size()).allSatisfy(rejection -> {
                assertThat(rejection.client().index()).isGreaterThan(6);
                assertThat(rejection.reason()).isEqualTo(RejectionReason.LATE);
                assertThat(rejection.detail()).startsWith("duration must be at most 16.0 s, but was ");
            });
            clock += report.rejected().isEmpty()
                    ? byIndex(report.cohort().get(report.cohort().size() - 1))
                    : 16;
            assertThat(report.metrics().value("time/seconds")).isEqualTo(clock);
        }
    }

    @Test
    void theFastestFillTheBuffer() {
        SynchronousTime time =
                new SynchronousTime((client, round, work) -> 100 - client.index(), Double.POSITIVE_INFINITY);
        SimulationBuilder run =
                setup().algorithm(time).updates(UpdatePolicy.all().bufferSize(2));
        for (RoundReport report : history(run)) {
            List<ClientId> fastest = report.cohort().subList(0, 2);
            assertThat(report.cohort()).isSortedAccordingTo((a, b) -> b.compareTo(a));
            assertThat(report.clients()).containsOnlyKeys(fastest);
            assertThat(report.metrics().value("time/round seconds"))
                    .isEqualTo(100 - fastest.get(1).index());
        }
        assertThat(hash(run.workers(1))).isEqualTo(hash(run.workers(4)));
    }

    @Test
    void aRoundThatNobodyEndsInTimeMakesNothing() {
        SynchronousTime time = new SynchronousTime((client, round, work) -> 5, 1);
        RoundReport only = history(setup().rounds(1).algorithm(time)).get(0);
        assertThat(only.cohort()).isEmpty();
        assertThat(only.rejected()).hasSize(5);
        assertThat(only.metrics().value("time/seconds")).isEqualTo(1);
    }

    private SimulationBuilder asynchronous(int concurrency, int bufferSize, int maxStaleness) {
        return setup().rounds(8)
                .algorithm(new Asynchronous(
                        concurrency, bufferSize, maxStaleness, (client, round, work) -> 1 + client.index() * .37));
    }

    @Test
    void asynchronousRunsAreTheSameForAnyWorkersAndAfterAResume() {
        SimulationBuilder run = asynchronous(6, 2, 10);
        String hash = hash(run.workers(1));
        assertThat(hash(run.workers(4))).isEqualTo(hash);
        Path checkpoints = directory.resolve("checkpoints");
        asynchronous(6, 2, 10)
                .rounds(5)
                .checkpoints(checkpoints, 2)
                .build()
                .run()
                .close();
        List<RoundReport> resumed =
                history(asynchronous(6, 2, 10).checkpoints(checkpoints, 2).resume(true));
        List<RoundReport> whole = history(run);
        assertThat(hash(asynchronous(6, 2, 10).checkpoints(checkpoints, 2).resume(true)))
                .isEqualTo(hash);
        assertThat(resumed.get(7).cohort()).isEqualTo(whole.get(7).cohort());
        assertThat(resumed.get(7).metrics().value("time/seconds"))
                .isEqualTo(whole.get(7).metrics().value("time/seconds"));
    }

    @Test
    void asynchronousClientsStartFromOlderModels() {
        List<String> seen = new ArrayList<>();
        SimulationBuilder run = asynchronous(6, 2, 10)
                .workers(1)
                .updates(UpdatePolicy.all().filter((update, state) -> {
                    seen.add(state.round() + "<-" + update.modelVersion());
                    return Admission.accepted();
                }));
        List<RoundReport> history = history(run);
        assertThat(seen).hasSize(16);
        assertThat(seen.subList(0, 4)).containsExactly("0<-0", "0<-0", "1<-0", "1<-0");
        double clock = 0;
        double staleness = 0;
        for (RoundReport report : history) {
            assertThat(report.metrics().value("time/seconds")).isGreaterThanOrEqualTo(clock);
            clock = report.metrics().value("time/seconds");
            staleness = Math.max(staleness, report.metrics().value("time/staleness"));
        }
        assertThat(staleness).isGreaterThan(1);
    }

    @Test
    void tooStaleArrivalsAreRejectedAndNotTrained() {
        List<RoundReport> history = history(asynchronous(8, 1, 2));
        List<Rejection> stale =
                history.stream().flatMap(report -> report.rejected().stream()).toList();
        assertThat(stale).isNotEmpty().allSatisfy(rejection -> {
            assertThat(rejection.reason()).isEqualTo(RejectionReason.STALE);
            assertThat(rejection.detail()).matches("staleness must be at most 2, but was [3-9]");
        });
        assertThat(history).allSatisfy(report -> assertThat(report.clients()).hasSize(1));
    }

    @Test
    void oneClientAtATimeIsSequentialTraining() {
        SimulationBuilder one = asynchronous(1, 1, 0);
        List<List<ClientId>> order =
                history(one).stream().map(RoundReport::cohort).toList();
        SimulationBuilder sequential = setup().rounds(8)
                .cohortSize(1)
                .selector((available, count, round, state) -> order.get(round.number() - 1));
        assertThat(modelHash(one)).isEqualTo(modelHash(sequential));
    }
}
