package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Data sets of the user's own: who owns the arrays, and how often they are asked. */
class OwnDataTest extends TensorTest {
    private static final int EACH = 20;

    private Dataset digits;

    @BeforeEach
    void generate() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    /** Loads examples when they are asked for. */
    private class Loading implements FederatedDataset {
        final AtomicInteger asked = new AtomicInteger();
        final AtomicInteger released = new AtomicInteger();

        @Override
        public ClientDirectory clients() {
            return ClientDirectory.ofRange(Fixtures.CLIENTS, position -> EACH);
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            asked.incrementAndGet();
            return load(client);
        }

        ClientExamples load(ClientId client) {
            int[] rows = IntStream.range(client.index() * EACH, (client.index() + 1) * EACH)
                    .toArray();
            Examples own = digits.train().rows(rows, manager);
            return new ClientExamples(own, IntStream.range(0, EACH).toArray());
        }

        @Override
        public void release(ClientId client, Examples source) {
            released.incrementAndGet();
        }
    }

    private SimulationBuilder run(FederatedDataset data) {
        return Fixtures.softmaxRun(digits).data(data).clientEvaluation(data, 1);
    }

    private String hash(FederatedDataset data) {
        try (RunResult result = run(data).build().run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
            return result.stateSha256();
        }
    }

    @Test
    void aDataSetMayKeepWhatItLoads() {
        Map<ClientId, ClientExamples> cache = new ConcurrentHashMap<>();
        FederatedDataset caching = new Loading() {
            @Override
            ClientExamples load(ClientId client) {
                return cache.computeIfAbsent(client, super::load);
            }
        };
        assertThat(hash(caching)).isEqualTo(hash(new Loading()));
    }

    @Test
    void aDataSetMayLoadAnewAndFreeWhatWasRead() {
        List<NDArray> made = new ArrayList<>();
        FederatedDataset onDemand = new Loading() {
            @Override
            synchronized ClientExamples load(ClientId client) {
                ClientExamples examples = super.load(client);
                made.add(examples.source().features());
                made.add(examples.source().labels());
                return examples;
            }

            @Override
            public void release(ClientId client, Examples source) {
                source.close();
            }
        };
        assertThat(hash(onDemand)).isEqualTo(hash(new Loading()));
        assertThat(made).isNotEmpty().allMatch(NDArray::isReleased);
    }

    @Test
    void itIsAskedOnceATrainingAndOnceAnEvaluation() {
        Loading data = new Loading();
        SimulationBuilder run = run(data).rounds(1);
        Simulation simulation = run.build();
        assertThat(data.asked).hasValue(2); // by the rehearsal, for training and evaluation
        assertThat(data.released).hasValue(2);
        simulation.run().close();
        assertThat(data.asked).hasValue(2 + 5 + Fixtures.CLIENTS);
        assertThat(data.released).hasValue(2 + 5 + Fixtures.CLIENTS);
    }

    @Test
    void examplesAreReleasedIfTheClientFails() {
        Loading data = new Loading();
        SimulationBuilder run = run(data)
                .rounds(1)
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .uploadTransform((update, task) -> {
                    throw new IllegalStateException("on purpose");
                });
        run.build().run().close();
        assertThat(data.released.get()).isEqualTo(data.asked.get()).isPositive();
    }

    @Test
    void whatElseIsMadeOnTheWayIsFreed() {
        List<NDArray> others = new ArrayList<>();
        FederatedDataset wasteful = new Loading() {
            @Override
            synchronized ClientExamples load(ClientId client) {
                others.add(digits.train().features().mul(2));
                return super.load(client);
            }
        };
        hash(wasteful);
        assertThat(others).isNotEmpty().allMatch(NDArray::isReleased);
    }

    @Test
    void aClosedArrayIsNamedWithTheRemedy() {
        Map<ClientId, ClientExamples> cache = new ConcurrentHashMap<>();
        FederatedDataset closing = new Loading() {
            @Override
            ClientExamples load(ClientId client) {
                return cache.computeIfAbsent(client, super::load);
            }

            @Override
            public void release(ClientId client, Examples source) {
                source.labels().close(); // though it is returned again
            }
        };
        assertThatThrownBy(() -> hash(closing))
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining("labels of the examples must be open, but were closed")
                .hasMessageContaining("Examples.keep(manager) keeps them");
    }

    @Test
    void noExamplesAreAnErrorThatNamesDataAndClient() {
        FederatedDataset nothing = new Loading() {
            @Override
            ClientExamples load(ClientId client) {
                return client.index() < 6 ? super.load(client) : null;
            }
        };
        assertThatThrownBy(() -> hash(nothing))
                .isInstanceOf(ClientFailedException.class)
                .hasMessageMatching(
                        "round 1, client \\d+ failed: .*OwnDataTest\\$\\d+ must have examples for client \\d+,"
                                + " but returned"
                                + " null");
    }
}
