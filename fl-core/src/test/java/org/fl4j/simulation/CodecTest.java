package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.fl4j.core.Admission;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.data.Dataset;
import org.fl4j.execution.TaskRecord;
import org.fl4j.fixture.ErrorFeedback;
import org.fl4j.fixture.HalfPrecision;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.DeviceProfile;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.World;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deltas that travel encoded. */
class CodecTest extends TensorTest {
    private static final Codec HALF = new ErrorFeedback(new HalfPrecision());
    private static final long PARAMETERS = 7850;
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Fixtures.digits();
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run() {
        return Fixtures.softmaxRun(digits).codec(HALF);
    }

    private static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    private static List<RoundReport> history(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.history();
        }
    }

    @Test
    void bytesAreThoseThatWereSent() {
        assertThat(history(run())).allSatisfy(round -> {
            assertThat(round.clients()).hasSize(5);
            assertThat(round.bytesUp()).isEqualTo(5 * 2 * PARAMETERS);
            assertThat(round.bytesDown()).isEqualTo(5 * 4 * PARAMETERS);
        });
    }

    /** 31,400 bytes up at 500 a second, or 15,700. */
    @Test
    void aSimulatedClockPlansWithThem() {
        World world =
                new World(DeviceProfiles.same(new DeviceProfile(1, 1000, 500)).durations());
        UnaryOperator<SimulationBuilder> timed =
                run -> run.algorithm(new SynchronousTime(world, Double.POSITIVE_INFINITY));
        double encoded = history(timed.apply(run())).get(0).metrics().value("time/round seconds");
        double plain = history(timed.apply(Fixtures.softmaxRun(digits)))
                .get(0)
                .metrics()
                .value("time/round seconds");
        assertThat(plain - encoded).isCloseTo(31.4, within(1e-9));
    }

    @Test
    void bitsDoNotDependOnWorkersNorOnAResume() {
        SimulationBuilder all = run().cohortSize(Fixtures.CLIENTS);
        String expected = state(all.workers(1));
        assertThat(state(Fixtures.softmaxRun(digits).cohortSize(Fixtures.CLIENTS)))
                .as("without a codec")
                .isNotEqualTo(expected);
        assertThat(state(run().cohortSize(Fixtures.CLIENTS).codec(new HalfPrecision())))
                .as("without error feedback")
                .isNotEqualTo(expected);
        assertThat(state(all.workers(3))).isEqualTo(expected);
        SimulationBuilder stored = all.checkpoints(directory, 1);
        stored.rounds(2).build().run().close();
        assertThatThrownBy(() -> state(stored.codec(new HalfPrecision()).resume(true)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("codec was org.fl4j.fixture.ErrorFeedback when the run began and is"
                        + " org.fl4j.fixture.HalfPrecision now");
        assertThat(state(stored.codec(HALF).rounds(4).resume(true))).isEqualTo(expected);
    }

    @Test
    void aReplaySendsTheSame() {
        List<TaskRecord> records = new ArrayList<>();
        Simulation simulation = run().cohortSize(Fixtures.CLIENTS)
                .rounds(3)
                .hashUpdates(true)
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        records.addAll(tasks);
                    }
                })
                .build();
        simulation.run().close();
        TaskRecord last = records.get(records.size() - 1);
        assertThat(simulation.replay(3, last.id().client()))
                .isEqualTo(last.updateSha256().orElseThrow());
    }

    /** Counts on both sides, and sends the sender's count; the receiver's must agree. */
    private record Counting(List<String> log) implements Codec {
        @Override
        public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
            double sent = sender.number("count").orElse(0.0);
            NDArray count = Tensors.create(delta.floats().getManager(), new float[] {(float) sent}, new Shape(1));
            return new Encoded(
                    Map.of("count", count, "delta", delta.floats().duplicate()),
                    StrategyState.empty().with("count", sent + 1));
        }

        @Override
        public Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver) {
            double received = receiver.number("count").orElse(0.0);
            log.add((int) arrays.get("count").getFloat() + "=" + (int) received);
            return new Decoded(
                    new ParameterVector(layout, arrays.get("delta").duplicate(), Optional.empty()),
                    StrategyState.empty().with("count", received + 1));
        }

        @Override
        public long plannedBytes(ParameterLayout layout) {
            return 4 + layout.byteCount();
        }
    }

    /** Of a client whose update is not accepted, neither side goes on. */
    @Test
    void bothSidesKeepTheirStateIfTheUpdateIsAccepted() {
        List<String> log = Collections.synchronizedList(new ArrayList<>());
        UpdatePolicy evenRounds = UpdatePolicy.all()
                .filter((update, state) -> state.round() % 2 == 0
                        ? Admission.accepted()
                        : Admission.rejected(RejectionReason.REFUSED, "even rounds only"));
        history(Fixtures.softmaxRun(digits)
                .codec(new Counting(log))
                .cohortSize(Fixtures.CLIENTS)
                .updates(evenRounds));
        assertThat(log).hasSize(4 * Fixtures.CLIENTS);
        for (int round = 0; round < 4; round++) {
            String expected = round == 0 ? "0=0" : round < 3 ? "1=1" : "2=2";
            assertThat(log.subList(round * Fixtures.CLIENTS, (round + 1) * Fixtures.CLIENTS))
                    .as("round " + (round + 1))
                    .containsOnly(expected);
        }
    }

    /** Damages what some clients send, as a broken client elsewhere would. */
    private record Damaged(Codec codec, UnaryOperator<Map<String, NDArray>> damage, int every) implements Codec {
        @Override
        public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
            Encoded encoded = codec.encode(delta, sender, seed);
            return Math.floorMod(seed.value(), every) == 0
                    ? new Encoded(damage.apply(encoded.arrays()), encoded.sender())
                    : encoded;
        }

        @Override
        public Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver) {
            return codec.decode(arrays, layout, receiver);
        }

        @Override
        public long plannedBytes(ParameterLayout layout) {
            return codec.plannedBytes(layout);
        }
    }

    private static List<Rejection> rejections(SimulationBuilder run) {
        return history(run).stream().flatMap(round -> round.rejected().stream()).toList();
    }

    @Test
    void whatCannotBeDecodedIsRejected() {
        UnaryOperator<Map<String, NDArray>> halved = arrays -> {
            Map<String, NDArray> shorter = new TreeMap<>(arrays);
            shorter.computeIfPresent("half", (name, array) -> array.get("0:3"));
            return shorter;
        };
        SimulationBuilder run = Fixtures.softmaxRun(digits).codec(new Damaged(new HalfPrecision(), halved, 3));
        assertThat(rejections(run)).isNotEmpty().hasSizeLessThan(20).allSatisfy(rejection -> {
            assertThat(rejection.reason()).isEqualTo(RejectionReason.UNDECODABLE);
            assertThat(rejection.detail())
                    .isEqualTo("array half must be float16 of shape (7850), but was float16 of shape (3)");
        });
    }

    @Test
    void anEncodingNeedsACodec() {
        SimulationBuilder without = Fixtures.softmaxRun(digits).uploadTransform((update, task) -> encodedBy(update));
        assertThat(rejections(without)).hasSize(20).allSatisfy(rejection -> {
            assertThat(rejection.reason()).isEqualTo(RejectionReason.UNDECODABLE);
            assertThat(rejection.detail())
                    .isEqualTo("delta of a run without a codec must be as it is, but was encoded");
        });
    }

    private static ModelUpdate encodedBy(ModelUpdate update) {
        Map<String, NDArray> arrays = new HalfPrecision()
                .encode(update.delta(), StrategyState.empty(), new Seed(0))
                .arrays();
        return update.with(update.payload().withEncoded(arrays));
    }

    @Test
    void notFiniteValuesAreRejectedAsEver() {
        SimulationBuilder run = run().uploadTransform((update, task) -> {
            ParameterVector broken = update.delta().copy();
            if (task.client().equals(new ClientId(3))) {
                broken.floats().set(new NDIndex("0"), Float.NaN);
            }
            return update.withDelta(broken);
        });
        assertThat(rejections(run.cohortSize(Fixtures.CLIENTS)))
                .hasSize(4)
                .allSatisfy(rejection -> assertThat(rejection.reason()).isEqualTo(RejectionReason.NOT_FINITE));
    }

    @Test
    void receiptsSayWhatWasSent() {
        List<Long> bytes = new ArrayList<>();
        history(run().selector(new ClientSelector() {
            @Override
            public List<ClientId> select(
                    ClientDirectory available, int count, RoundContext round, StrategyState state) {
                return Fixtures.UNIFORM.select(available, count, round, state);
            }

            @Override
            public StrategyState learned(
                    StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
                receipts.forEach(receipt -> bytes.add(receipt.bytes()));
                return state;
            }
        }));
        assertThat(bytes).hasSize(20).containsOnly(2 * PARAMETERS);
    }

    /** What local privacy releases may be encoded, and nothing is done to it after. */
    @Test
    void encodesAfterAllTransforms() {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        history(Fixtures.softmaxRun(digits)
                .rounds(1)
                .cohortSize(1)
                .uploadTransform((update, task) -> {
                    order.add("first");
                    return update;
                })
                .codec(new Damaged(
                        new HalfPrecision(),
                        arrays -> {
                            order.add("codec");
                            return arrays;
                        },
                        1))
                .uploadTransform((update, task) -> {
                    order.add("second");
                    return update;
                }));
        assertThat(order).containsExactly("first", "second", "codec");
    }
}
