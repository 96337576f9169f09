package org.fl4j.experiments.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardListenerTest {
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);

    @TempDir
    Path directory;

    /** A start says that what earlier files have of its step and later ones is void. */
    private record Event(double wallTime, long step, boolean start, Map<String, Float> values) {}

    /** Returns the files in the order in which TensorBoard reads them. */
    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.sorted().toList();
        }
    }

    private static RoundReport report(int round, Metrics metrics) {
        return new RoundReport(round, List.of(), Map.of(), Map.of(), List.of(), List.of(), metrics, 100, 200, .5, .25);
    }

    private static RoundReport report(int round) {
        return report(round, Metrics.of("test/accuracy", round / 1000.0, 1).merge(Metrics.of("ä/loss", 3, 2)));
    }

    private void write(int from, int to) {
        write(CLOCK, from, to);
    }

    private void write(Clock clock, int from, int to) {
        TensorBoardListener listener = new TensorBoardListener(directory, clock);
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

    /** Returns the rounds that a reader of all files has in the end, in the order in which it read them. */
    private List<Event> shown() throws Exception {
        List<Event> shown = new ArrayList<>();
        for (Path file : files()) {
            for (Event event : read(file)) {
                if (event.start()) {
                    shown.removeIf(earlier -> earlier.step() >= event.step());
                } else if (!event.values().isEmpty()) {
                    shown.add(event);
                }
            }
        }
        return shown;
    }

    /** Reads a file by the documented format, up to a record that was cut short, and checks every checksum. */
    private static List<Event> read(Path file) throws IOException {
        List<Event> events = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        while (in.remaining() >= 12 && in.remaining() >= 16 + in.getLong(in.position())) {
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
        boolean start = false;
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
                case (7 << 3) | 2 -> {
                    ByteBuffer log = bytes(in);
                    assertThat(varint(log)).as("field of the status").isEqualTo(1 << 3);
                    start = varint(log) == 1;
                }
                default -> throw new AssertionError("unknown field");
            }
        }
        return new Event(wallTime, step, start, values);
    }

    /** The first bytes of any event file of TensorFlow: length 24 and its checksum; then wall time and version. */
    @Test
    void beginsLikeEveryEventFile() throws Exception {
        new TensorBoardListener(directory, CLOCK).runStarted(0, 3);
        assertThat(files()).containsExactly(directory.resolve("events.out.tfevents.1700000000.fl4j"));
        byte[] bytes = Files.readAllBytes(files().get(0));
        assertThat(HexFormat.of().formatHex(bytes, 0, 13)).isEqualTo("1800000000000000a37f4b2209");
        assertThat(HexFormat.of().formatHex(bytes, 21, 36)).isEqualTo("1a0d627261696e2e4576656e743a32");
        int version = 8 + 4 + 24 + 4;
        int start = 8 + 4 + 9 + 2 + 4 + 4; // wall time, step, session log
        assertThat(bytes).hasSize(version + start);
        assertThat(read(files().get(0)).get(1)).isEqualTo(new Event(1_700_000_000.25, 1, true, Map.of()));
    }

    @Test
    void writesEveryMetricOfEveryRound() throws Exception {
        write(1, 300); // steps of two bytes
        List<Event> events = shown();
        assertThat(events).hasSize(300);
        assertThat(events.get(299))
                .isEqualTo(new Event(
                        1_700_000_000.25,
                        300,
                        false,
                        Map.of(
                                "test/accuracy", .3f,
                                "ä/loss", 1.5f,
                                "bytes/down", 100f,
                                "bytes/up", 200f,
                                "seconds/train", .5f,
                                "seconds/evaluation", .25f)));
        assertThat(events).extracting(Event::step).isSorted();
    }

    /** Earlier files stay as they are: TensorBoard follows files that grow, and no others. */
    @Test
    void aResumedRunShowsEachRoundOnce() throws Exception {
        write(1, 200);
        byte[] first = Files.readAllBytes(files().get(0));
        write(151, 160);
        assertThat(files()).hasSize(2);
        assertThat(Files.readAllBytes(files().get(0))).isEqualTo(first);
        assertThat(read(files().get(1)).get(1)).isEqualTo(new Event(1_700_000_000.25, 151, true, Map.of()));
        assertThat(shown()).extracting(Event::step).hasSize(160).isSorted().doesNotHaveDuplicates();
        Files.write(files().get(1), Arrays.copyOf(first, 7), StandardOpenOption.APPEND); // as after a crash
        write(161, 161);
        assertThat(shown()).extracting(Event::step).hasSize(161).isSorted();
    }

    /**
     * TensorBoard reads files in the order of their names, so the name of a later one comes later, whatever the clock.
     */
    @Test
    void laterFilesComeLaterAlsoIfTheClockIsSetBack() throws Exception {
        write(1, 3);
        write(Clock.offset(CLOCK, Duration.ofHours(-1)), 3, 4);
        write(Clock.offset(CLOCK, Duration.ofHours(1)), 5, 5);
        assertThat(files())
                .extracting(file -> file.getFileName().toString())
                .containsExactly(
                        "events.out.tfevents.1700000000.fl4j",
                        "events.out.tfevents.1700000001.fl4j",
                        "events.out.tfevents.1700003600.fl4j");
        assertThat(shown()).extracting(Event::step).containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void aFreshRunBeginsAnew() throws Exception {
        write(1, 5);
        Path other = Files.createFile(directory.resolve("events.out.tfevents.1700000009.host.1.0"));
        write(1, 2);
        assertThat(files()).containsExactly(directory.resolve("events.out.tfevents.1700000001.fl4j"), other);
        Files.delete(other);
        assertThat(shown()).extracting(Event::step).containsExactly(1L, 2L);
    }

    /** The same as TensorBoard itself reads it. */
    @Test
    void tensorBoardShowsEachRoundOnceAfterAResume() {
        ForeignReaders.requirePython("tensorboard");
        write(1, 8);
        write(5, 10);
        String read = ForeignReaders.python("""
            import logging, sys
            logging.disable(logging.CRITICAL)
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'tensors': 0})
            events.Reload()
            tags = events.Tags()
            if 'test/accuracy' in tags['scalars']:
                print([e.step for e in events.Scalars('test/accuracy')])
            else:
                print([e.step for e in events.Tensors('test/accuracy')])
            """, directory);
        assertThat(read.strip()).endsWith("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
    }
}
