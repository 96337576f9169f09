package org.fl4j.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardListenerTest {
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);

    @TempDir
    Path directory;

    private record Event(double wallTime, long step, Map<String, Float> values) {}

    private Path file() {
        return directory.resolve("events.out.tfevents.fl4j");
    }

    private static RoundReport report(int round, Metrics metrics) {
        return new RoundReport(round, List.of(), Map.of(), Map.of(), List.of(), List.of(), metrics, 100, 200, .5, .25);
    }

    private static RoundReport report(int round) {
        return report(round, Metrics.of("test/accuracy", round / 1000.0, 1).merge(Metrics.of("ä/loss", 3, 2)));
    }

    private void write(int from, int to) {
        TensorBoardListener listener = new TensorBoardListener(directory, CLOCK);
        listener.runStarted(from - 1, to);
        for (int round = from; round <= to; round++) {
            listener.roundEnded(report(round), null);
        }
    }

    /** CRC-32C bit by bit, from its polynomial, and TensorFlow's mask. */
    private static int maskedCrc(byte... bytes) {
        int crc = ~0;
        for (byte b : bytes) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
            }
        }
        crc = ~crc;
        return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    }

    /** Reads the file by the documented format, and checks every checksum. */
    private List<Event> read() throws Exception {
        List<Event> events = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file())).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertThat(in.getInt()).isEqualTo(maskedCrc(length));
            byte[] data = new byte
                    [(int) ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong()];
            in.get(data);
            assertThat(in.getInt()).isEqualTo(maskedCrc(data));
            events.add(event(ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN)));
        }
        return events;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = in.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static ByteBuffer bytes(ByteBuffer in) {
        int length = (int) varint(in);
        ByteBuffer slice = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + length);
        return slice;
    }

    private static String text(ByteBuffer in) {
        byte[] text = new byte[in.remaining()];
        in.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static Event event(ByteBuffer in) {
        double wallTime = 0;
        long step = 0;
        Map<String, Float> values = new TreeMap<>();
        while (in.hasRemaining()) {
            switch ((int) varint(in)) {
                case (1 << 3) | 1 -> wallTime = in.getDouble();
                case 2 << 3 -> step = varint(in);
                case (3 << 3) | 2 -> assertThat(text(bytes(in))).isEqualTo("brain.Event:2");
                case (5 << 3) | 2 -> {
                    ByteBuffer summary = bytes(in);
                    while (summary.hasRemaining()) {
                        assertThat(varint(summary)).isEqualTo((1 << 3) | 2);
                        ByteBuffer value = bytes(summary);
                        assertThat(varint(value)).isEqualTo((1 << 3) | 2);
                        String tag = text(bytes(value));
                        assertThat(varint(value)).isEqualTo((2 << 3) | 5);
                        values.put(tag, value.getFloat());
                    }
                }
                default -> throw new AssertionError("unknown field");
            }
        }
        return new Event(wallTime, step, values);
    }

    /** The first bytes of any event file of TensorFlow: length 24 and its checksum; then wall time and version. */
    @Test
    void beginsLikeEveryEventFile() throws Exception {
        new TensorBoardListener(directory, CLOCK).runStarted(0, 3);
        byte[] bytes = Files.readAllBytes(file());
        assertThat(HexFormat.of().formatHex(bytes, 0, 13)).isEqualTo("1800000000000000a37f4b2209");
        assertThat(HexFormat.of().formatHex(bytes, 21, 36)).isEqualTo("1a0d627261696e2e4576656e743a32");
        assertThat(bytes).hasSize(8 + 4 + 24 + 4);
    }

    @Test
    void writesEveryMetricOfEveryRound() throws Exception {
        write(1, 300); // steps of two bytes
        List<Event> events = read();
        assertThat(events).hasSize(301);
        assertThat(events.get(300))
                .isEqualTo(new Event(
                        1_700_000_000.25,
                        300,
                        Map.of(
                                "test/accuracy", .3f,
                                "ä/loss", 1.5f,
                                "bytes/down", 100f,
                                "bytes/up", 200f,
                                "seconds/train", .5f,
                                "seconds/evaluation", .25f)));
        assertThat(events).extracting(Event::step).isSorted();
    }

    @Test
    void takesBackWhatAResumeRepeatsAndWhatACrashCutShort() throws Exception {
        write(1, 200);
        byte[] whole = Files.readAllBytes(file());
        Files.write(file(), Arrays.copyOf(whole, 7), StandardOpenOption.APPEND);
        write(151, 160);
        assertThat(read())
                .hasSize(161)
                .last()
                .satisfies(event -> assertThat(event.step()).isEqualTo(160));
        Files.write(file(), new byte[100], StandardOpenOption.APPEND); // as after a power failure
        write(161, 161);
        assertThat(read()).hasSize(162);
        write(1, 2);
        assertThat(read()).hasSize(3);
    }
}
