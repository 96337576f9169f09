package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that send what their data look like, and nothing of their model. */
class UpdatesWithoutDeltaTest extends TensorTest {
    private static final String MEAN = "prototype/mean";

    @TempDir
    Path directory;

    /** Sends the mean of its features, shape (784). */
    private static final class PrototypeClient extends SgdClient {
        PrototypeClient(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            Examples all = examples().gather(worker().model().manager());
            NDArray mean = all.features().reshape(new Shape(all.count(), -1)).mean(new int[] {0});
            return update.withoutDelta().withAttachment(MEAN, mean);
        }
    }

    /**
     * The mean of what clients sent, by examples, into the state; waiting updates are kept as a median would keep them.
     */
    private record Prototypes(boolean readsDelta) implements Aggregator {
        @Override
        public boolean readsAttachments() {
            return true;
        }

        @Override
        public int minimumUpdates() {
            return 1;
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            List<ModelUpdate> waiting = new ArrayList<>();
            return new Aggregation() {
                @Override
                public void add(ModelUpdate update) {
                    waiting.add(round.updates()
                            .keep(update, round, state.model().floats().getDevice()));
                }

                @Override
                public void merge(Aggregation other) {
                    throw new UnsupportedOperationException("one part only");
                }

                @Override
                public Aggregate combine() {
                    NDArray sum = waiting.get(0).attachment(MEAN).zerosLike();
                    long examples = 0;
                    for (ModelUpdate update : waiting) {
                        sum.addi(update.attachment(MEAN).mul(update.exampleCount()));
                        examples += update.exampleCount();
                        assertThat(update.payload().delta()).isEmpty();
                    }
                    return new Aggregate(
                            Optional.empty(), state.strategy().with(MEAN, sum.div(examples)), Metrics.none());
                }
            };
        }
    }

    private static SimulationBuilder run(Dataset digits, boolean readsDelta) {
        return Fixtures.softmaxRun(digits)
                .sgdClients(PrototypeClient::new)
                .aggregator(new Prototypes(readsDelta))
                .cohortSize(Fixtures.CLIENTS);
    }

    @Test
    void onlyWhatIsSentTravelsAndCounts() {
        try (Dataset digits = Fixtures.digits();
                RunResult one = run(digits, false).workers(1).build().run();
                RunResult two = run(digits, false)
                        .workers(2)
                        .updateStore(new DiskUpdateStore(directory, DiskUpdateStore.Retention.DELETE))
                        .hashUpdates(true)
                        .build()
                        .run()) {
            assertThat(one.history()).allSatisfy(round -> {
                assertThat(round.rejected()).isEmpty();
                assertThat(round.failures()).isEmpty();
                assertThat(round.bytesUp()).isEqualTo(4L * 784 * Fixtures.CLIENTS);
            });
            assertThat(two.stateSha256()).isEqualTo(one.stateSha256());
            float[] mean = digits.train()
                    .features()
                    .reshape(new Shape(digits.train().count(), -1))
                    .mean(new int[] {0})
                    .toFloatArray();
            assertClose(one.state().strategy().tensor(MEAN).orElseThrow().toFloatArray(), mean, 1e-5f);
        }
    }

    @Test
    void aRuleThatNeedsTheDeltaIsNotHandedAnUpdateWithoutOne() {
        try (Dataset digits = Fixtures.digits();
                RunResult result = run(digits, true).rounds(1).build().run()) {
            assertThat(result.history().get(0).rejected())
                    .hasSize(Fixtures.CLIENTS)
                    .allSatisfy(rejection -> {
                        assertThat(rejection.reason()).isEqualTo(RejectionReason.WRONG_SHAPE);
                        assertThat(rejection.detail()).isEqualTo("delta must be there, but the update has none");
                    });
        }
    }

    /** Noise and clipping have nothing to work on: the client fails, and says so. */
    @Test
    void aTransformThatReadsTheDeltaFailsTheClient() {
        try (Dataset digits = Fixtures.digits();
                RunResult result = run(digits, false)
                        .uploadTransform((update, task) ->
                                update.withDelta(update.delta().copy()))
                        .failurePolicy(FailurePolicy.SKIP_CLIENT)
                        .rounds(1)
                        .build()
                        .run()) {
            assertThat(result.history().get(0).failures())
                    .hasSize(Fixtures.CLIENTS)
                    .allSatisfy(failure -> assertThat(failure.error())
                            .contains("must have a delta where a rule reads it, but has attachments"
                                    + " [prototype/mean] alone"));
        }
    }

    /** What only the server knows is no claim of anybody else's, such as a transform. */
    @Test
    void aFactOfTheServersIsAFalseClaim() {
        try (Dataset digits = Fixtures.digits();
                RunResult result = Fixtures.softmaxRun(digits)
                        .uploadTransform((update, task) -> update.with(ClientTimes.SECONDS, 1e-9))
                        .rounds(1)
                        .build()
                        .run()) {
            assertThat(result.history().get(0).rejected()).hasSize(5).allSatisfy(rejection -> {
                assertThat(rejection.reason()).isEqualTo(RejectionReason.FALSE_CLAIM);
                assertThat(rejection.detail())
                        .isEqualTo("facts must be the client's, but the server alone knows time/client seconds");
            });
        }
    }

    private static void assertClose(float[] actual, float[] expected, float within) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], org.assertj.core.api.Assertions.within(within));
        }
    }
}
