package org.fl4j.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.BlockSums;
import org.fl4j.fixture.Mutations;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingFacts;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WireFormTest extends TensorTest {
    private static final long MOST = 1 << 20;
    private static final ParameterLayout LAYOUT = new ParameterLayout.Builder()
            .add("weight", new Shape(2, 2), ParameterRole.TRAINABLE)
            .add("mean", new Shape(2), ParameterRole.FLOAT_BUFFER)
            .add("count", new Shape(), ParameterRole.INTEGER_BUFFER)
            .build();

    private static final Slice SLICE = new Slice(Map.of(
            "weight",
            List.of(
                    Slice.Axis.whole(),
                    new Slice.Axis(List.of(new Slice.Range(0, 1), new Slice.Range(2, Long.MAX_VALUE - 2)))),
            "count",
            List.of()));

    @TempDir
    Path directory;

    private ParameterVector model(float... values) {
        return new ParameterVector(
                LAYOUT, manager.create(values), Optional.of(manager.create(new long[] {Long.MAX_VALUE})));
    }

    private ModelUpdate update() {
        return new ModelUpdate(
                        new ClientId(37),
                        4,
                        Long.MAX_VALUE - 1,
                        5,
                        model(1, Float.NaN, -0f, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, 6),
                        new Metrics(Map.of(
                                "train/loss", new Metric(Double.NaN, 3), "eigen/Maß 度", new Metric(-0.0, 1e-300))),
                        Map.of("scaffold/control", manager.create(new float[] {.1f, .2f})))
                .with(TrainingFacts.LEARNING_RATE, .1)
                .with(TrainingFacts.LOSS, Double.POSITIVE_INFINITY)
                .with(TrainingFacts.EXAMPLES_SEEN, (1L << 53) + 1)
                .with(new Fact<>("my/short/cut", Boolean.class, Fact.Source.DATA), false)
                .with(new Fact<>("my/kind", String.class, Fact.Source.SETTING), "two\nlines \"quoted\"")
                .withKept(Map.of(
                        Slot.ofClient("control"),
                        new StrategyState(
                                Map.of("c/i", manager.create(new float[] {7})), Map.of("rounds/seen", Double.NaN)),
                        Slot.ofClient("empty"),
                        StrategyState.empty()));
    }

    private WireMessage sent(WireMessage message) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            message.write(Channels.newChannel(bytes));
            message.write(Channels.newChannel(bytes)); // another behind it
            ByteArrayInputStream stream = new ByteArrayInputStream(bytes.toByteArray());
            WireMessage received = WireMessage.read(Channels.newChannel(stream), MOST, manager);
            assertThat(stream.available()).as("nothing behind it is read").isEqualTo(bytes.size() / 2);
            return received;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertSame(NDArray actual, NDArray expected) {
        assertThat(actual.getShape()).isEqualTo(expected.getShape());
        assertThat(actual.getDataType()).isEqualTo(expected.getDataType());
        assertThat(actual.toByteBuffer()).isEqualTo(expected.toByteBuffer()); // NaN and -0 too
    }

    private static void assertSame(ParameterVector actual, ParameterVector expected) {
        assertThat(actual.layout()).isEqualTo(expected.layout());
        assertSame(actual.floats(), expected.floats());
        assertSame(actual.integers().orElseThrow(), expected.integers().orElseThrow());
    }

    private static void assertSame(Map<String, NDArray> actual, Map<String, NDArray> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        actual.forEach((name, array) -> assertSame(array, expected.get(name)));
    }

    private static void assertSameStates(Map<Slot, StrategyState> actual, Map<Slot, StrategyState> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        actual.forEach((slot, state) -> {
            assertThat(state.numbers()).isEqualTo(expected.get(slot).numbers());
            assertSame(state.tensors(), expected.get(slot).tensors());
        });
    }

    @Test
    void updatesArriveAsTheyWereSent() throws Exception {
        ModelUpdate update = update();
        ModelUpdate received = WireForm.update(sent(WireForm.of(update)), LAYOUT);
        assertThat(received.receipt()).isEqualTo(update.receipt());
        assertSame(received.delta(), update.delta());
        assertSame(received.attachments(), update.attachments());
        assertSameStates(received.kept(), update.kept());
        assertThat(received.sha256()).isEqualTo(update.sha256());
        ModelUpdate bare = WireForm.update(sent(WireForm.of(update.withoutDelta())), LAYOUT);
        assertThat(bare.payload().delta()).isEmpty();
    }

    @Test
    void tasksArriveAsTheyWereSent() throws Exception {
        SharedMessage message = new SharedMessage(
                3,
                model(1, 2, 3, 4, 5, 6),
                Map.of("control", manager.zeros(new Shape(0), DataType.FLOAT32)),
                Map.of("my/mu", .1, "training/batch size", 32.0));
        WireForm.Shared shared = WireForm.shared(sent(WireForm.of(new WireForm.Shared("model 3", message))), LAYOUT);
        assertThat(shared.id()).isEqualTo("model 3");
        assertThat(shared.message().modelVersion()).isEqualTo(3);
        assertSame(shared.message().model(), message.model());
        assertSame(shared.message().attachments(), message.attachments());
        assertThat(shared.message().settings()).isEqualTo(message.settings());
        ClientTask task = new ClientTask(
                ClientTask.Work.EVALUATE,
                new Ticket(new ClientId(2), 4, new Seed(Long.MIN_VALUE)),
                "model 3",
                Optional.of(model(6, 5, 4, 3, 2, 1)),
                Map.of("my/nu", Math.nextUp(1.0)),
                Optional.empty(),
                Optional.of(SLICE));
        ClientTask received = WireForm.task(sent(WireForm.of(task)), LAYOUT);
        assertThat(received.ticket()).isEqualTo(task.ticket());
        assertThat(received.shared()).isEqualTo("model 3");
        assertSame(received.ownModel().orElseThrow(), task.ownModel().orElseThrow());
        assertThat(received.settings()).isEqualTo(task.settings());
        assertThat(received.work()).isEqualTo(ClientTask.Work.EVALUATE);
        assertThat(received.query()).isEmpty();
        assertThat(received.slice()).contains(SLICE);
        ClientTask asked = new ClientTask(
                ClientTask.Work.ANSWER,
                task.ticket(),
                "model 3",
                Optional.empty(),
                Map.of(),
                Optional.of("class-counts:classes=3"),
                Optional.empty());
        assertThat(WireForm.task(sent(WireForm.of(asked)), LAYOUT)).isEqualTo(asked);
        Metrics measured = new Metrics(Map.of("client/test/accuracy", new Metric(1.0 / 3, 7)));
        assertThat(WireForm.measured(sent(WireForm.of(measured)))).isEqualTo(measured);
    }

    @Test
    void questionsAndTheirAnswersArriveAsTheyWereSent() throws Exception {
        WireForm.Question question = new WireForm.Question(new ClientId(7), Slot.ofClient("control"));
        assertThat(WireForm.question(sent(WireForm.of(question)))).isEqualTo(question);
        assertSameStates(WireForm.kept(sent(WireForm.kept(update().kept()))), update().kept());
        assertThat(WireForm.kept(sent(WireForm.kept(Map.of())))).isEmpty();
        WireForm.Failure failure = new WireForm.Failure("java.lang.IllegalStateException: 5 \u00e4");
        assertThat(WireForm.failure(sent(WireForm.of(failure)))).isEqualTo(failure);
        Map<String, String> program = Map.of("task", "softmax", "algorithm 0", "scaffold");
        assertThat(WireForm.texts(sent(WireForm.texts("program", program)), "program"))
                .isEqualTo(program);
    }

    private void assertRefused(WireMessage message, String fault) {
        assertThatThrownBy(() -> WireForm.update(sent(message), LAYOUT))
                .isInstanceOf(IOException.class)
                .hasMessage(fault);
    }

    private static WireMessage with(WireMessage message, String key, String value) {
        Map<String, String> texts = new TreeMap<>(message.texts());
        texts.put(key, value);
        return new WireMessage(message.kind(), texts, message.arrays());
    }

    @Test
    void whatIsNotAsItMustBeIsTold() {
        WireMessage good = WireForm.of(update());
        assertRefused(WireForm.of(Metrics.none()), "kind of the message must be update, but was measured");
        assertRefused(with(good, "steps", "5.5"), "update: steps must be a whole number, but was 5.5");
        assertRefused(with(good, "client", "-1"), "update: client index must be at least 0, but was -1");
        assertRefused(with(good, "metric/own", "1 0"), "update: metric/own must be a sum and a weight, but was 1 0");
        assertRefused(
                with(good, "fact/DATA/Double/own", "0x1p3"),
                "update: fact/DATA/Double/own must be a number, but was 0x1p3");
        assertRefused(
                with(good, "fact/SERVER/Double/train/loss", "1"),
                "update: facts of the name train/loss must be of one type and source, but was "
                        + "[Fact[name=my/kind, type=class java.lang.String, source=SETTING], "
                        + "Fact[name=my/short/cut, type=class java.lang.Boolean, source=DATA], "
                        + "Fact[name=train/examples seen, type=class java.lang.Long, source=DATA], "
                        + "Fact[name=train/learning rate, type=class java.lang.Double, source=SETTING], "
                        + "Fact[name=train/loss, type=class java.lang.Double, source=DATA], "
                        + "Fact[name=train/loss, type=class java.lang.Double, source=SERVER]]");
        assertRefused(with(good, "fact/DATA/Double/", "1"), "update: name of a fact must be a text, but was ");
        assertRefused(
                with(good, "password", "1234"), "update must have no further fields, but has [password] and arrays []");
        assertRefused(
                with(good, "kept/owner/mira", "SERVER"),
                "update: slot that a client keeps must be one that clients own, but was "
                        + "Slot[name=mira, owner=SERVER]");
        Map<String, NDArray> halved = new TreeMap<>(good.arrays());
        halved.remove("delta/floats");
        assertRefused(
                new WireMessage(good.kind(), good.texts(), halved), "update: delta/floats must be there, but is not");
        ParameterLayout other = new ParameterLayout.Builder()
                .add("weight", new Shape(3), ParameterRole.TRAINABLE)
                .build();
        assertThatThrownBy(() -> WireForm.update(sent(good), other))
                .hasMessage("update: delta must be of the model's layout, but: floats must be float32 of shape (3),"
                        + " but was float32 of shape (6)");
    }

    @Test
    void sizesAreCheckedBeforeMemoryIsTaken() throws Exception {
        byte[] claim = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(Long.MAX_VALUE)
                .putLong(8)
                .array();
        assertThatThrownBy(() -> read(claim, MOST))
                .isInstanceOf(IOException.class)
                .hasMessage("length must be in [8, " + MOST + "], but was " + Long.MAX_VALUE);
        assertThatThrownBy(() -> read(new byte[0], MOST)).isInstanceOf(EOFException.class);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        WireForm.of(update()).write(Channels.newChannel(bytes));
        byte[] whole = bytes.toByteArray();
        read(whole, whole.length - 8).close();
        assertThatThrownBy(() -> read(whole, whole.length - 9)).hasMessageStartingWith("length must be in [8, ");
        assertThatThrownBy(() -> read(Arrays.copyOf(whole, whole.length - 3), MOST))
                .hasMessage("the end is missing, 3 bytes");
        byte[] newer = new String(whole, StandardCharsets.ISO_8859_1)
                .replace("\"fl4j-wire\":\"1\"", "\"fl4j-wire\":\"2\"")
                .getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> read(newer, MOST))
                .hasMessage("message must be of version 1 of fl4j-wire and have a kind, but was of version 2");
    }

    private WireMessage read(byte[] bytes, long most) throws IOException {
        return WireMessage.read(Channels.newChannel(new ByteArrayInputStream(bytes)), most, manager);
    }

    private BlockSums block() {
        Receipt receipt = update().receipt().with(Receipt.Outcome.SENT, 24);
        return new BlockSums(
                List.of(receipt, receipt.withCounts(1, 1)),
                List.of(Receipt.of(new ClientId(2), Receipt.Outcome.SENT, 4, Facts.none())),
                List.of(new Rejection(new ClientId(2), RejectionReason.NOT_FINITE, "delta must be finite")),
                List.of(new Rejection(new ClientId(9), RejectionReason.FALSE_CLAIM, "too many examples")),
                Map.of(new ClientId(2), 5L, new ClientId(9), Long.MAX_VALUE),
                new StrategyState(
                        Map.of("floats", manager.create(new float[] {1, Float.MIN_VALUE})), Map.of("weight", -0.0)));
    }

    @Test
    void blocksArriveAsTheyWereSent() throws IOException {
        BlockSums sent = block();
        BlockSums received = WireForm.sums(sent(WireForm.of(sent)));
        assertThat(received.accepted()).isEqualTo(sent.accepted());
        assertThat(received.refused()).isEqualTo(sent.refused());
        assertThat(received.rejected()).isEqualTo(sent.rejected());
        assertThat(received.falseClaims()).isEqualTo(sent.falseClaims());
        assertThat(received.sizes()).isEqualTo(sent.sizes());
        assertThat(received.sums().numbers()).isEqualTo(sent.sums().numbers());
        assertSame(received.sums().tensors(), sent.sums().tensors());
        BlockSums none = new BlockSums(List.of(), List.of(), List.of(), List.of(), Map.of(), StrategyState.empty());
        assertThat(WireForm.sums(sent(WireForm.of(none)))).isEqualTo(none);
        assertThatThrownBy(() -> WireForm.sums(sent(with(WireForm.of(sent), "accepted/1/steps", "none"))))
                .isInstanceOf(IOException.class)
                .hasMessage("sums: steps must be a whole number, but was none");
        assertThatThrownBy(() -> WireForm.sums(sent(with(WireForm.of(sent), "rejected/7/client", "1"))))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("sums must have no further fields, but has [rejected/7/client]");
    }

    /** Reads a message. */
    @FunctionalInterface
    private interface Reading {
        void of(WireMessage message) throws IOException;
    }

    private void assertDamagedCopiesAreRefused(int count) throws IOException {
        assertDamagedCopiesAreRefused(count, WireForm.of(update()), message -> WireForm.update(message, LAYOUT));
        assertDamagedCopiesAreRefused(count, WireForm.of(block()), WireForm::sums);
    }

    private void assertDamagedCopiesAreRefused(int count, WireMessage message, Reading reading) throws IOException {
        Path file = directory.resolve(message.kind() + ".message");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            message.write(channel);
        }
        int refused = Mutations.refused(file, count, List.of(IOException.class), () -> {
            try (var own = manager.newSubManager()) {
                ByteArrayInputStream bytes = new ByteArrayInputStream(Files.readAllBytes(file));
                reading.of(WireMessage.read(Channels.newChannel(bytes), MOST, own));
            } catch (IOException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        });
        assertThat(refused).isGreaterThan(count / 2);
    }

    @Test
    void damagedMessagesAreRefused() throws IOException {
        assertDamagedCopiesAreRefused(Mutations.FEW);
    }

    @Test
    @Tag("long")
    void manyDamagedMessagesAreRefused() throws IOException {
        assertDamagedCopiesAreRefused(Mutations.MANY);
    }
}
