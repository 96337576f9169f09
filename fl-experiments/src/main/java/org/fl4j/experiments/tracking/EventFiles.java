package org.fl4j.experiments.tracking;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * The TensorBoard event files of a run, one for each session. A file is a row of records of length, checksum of the
 * length, data, checksum of the data (TFRecord), whose data are {@code Event} messages of
 * tensorflow/core/util/event.proto: 1 wall time, 2 step, 3 file version, 5 summary, 7 session log. TensorBoard reads
 * the files of a directory in the order of their names, which have the second in which they were begun.
 */
final class EventFiles {
    private static final Pattern NAME = Pattern.compile("events\\.out\\.tfevents\\.(?:([0-9]{10,18})\\.)?fl4j");
    private static final int MASK = 0xa282ead8;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int STEP = 2 << 3; // its field and type
    private static final int SESSION_LOG = 7;

    /** SessionLog: status (1) is START (1). */
    private static final byte[] START = {1 << 3, 1};

    private final Path directory;
    private Optional<Path> file = Optional.empty();

    EventFiles(Path directory) {
        this.directory = directory;
    }

    /**
     * Begins a file that comes after those that are there. It says first that rounds after the completed ones start
     * here: readers drop what they had of them. A fresh run deletes the earlier files.
     */
    void begin(int completedRounds, double now) {
        try {
            Files.createDirectories(directory);
            List<Path> earlier = earlier();
            // The clock may have been set back, and two sessions may begin within a second.
            long last = earlier.stream().mapToLong(EventFiles::second).max().orElse(-1);
            String name = String.format(Locale.ROOT, "events.out.tfevents.%010d.fl4j", Math.max((long) now, last + 1));
            if (completedRounds == 0) {
                for (Path old : earlier) {
                    Files.delete(old);
                }
            }
            Path next = directory.resolve(name);
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            head.writeBytes(record(event(now, 0).bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8))));
            head.writeBytes(record(event(now, completedRounds + 1L).bytes(SESSION_LOG, START)));
            Files.write(next, head.toByteArray(), StandardOpenOption.CREATE_NEW);
            file = Optional.of(next);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot begin an event file in " + directory + ": " + e.getMessage(), e);
        }
    }

    private List<Path> earlier() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> NAME.matcher(name(path)).matches()).toList();
        }
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static long second(Path path) {
        Matcher name = NAME.matcher(name(path));
        return name.matches() && name.group(1) != null ? Long.parseLong(name.group(1)) : -1;
    }

    /** Appends one event with a round's values. */
    void append(int round, double now, Map<String, Double> values) {
        Path current = file.orElseThrow(() -> new IllegalStateException("the run must have started"));
        Message summary = new Message();
        values.forEach((tag, value) -> summary.bytes(
                1,
                new Message()
                        .bytes(1, tag.getBytes(StandardCharsets.UTF_8))
                        .fixed(2, FIXED32, Integer.BYTES, Float.floatToIntBits(value.floatValue()))
                        .toBytes()));
        try {
            Files.write(current, record(event(now, round).bytes(5, summary.toBytes())), StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + current + ": " + e.getMessage(), e);
        }
    }

    private static Message event(double wallTime, long step) {
        Message event = new Message().fixed(1, FIXED64, Long.BYTES, Double.doubleToLongBits(wallTime));
        return step == 0 ? event : event.varint(STEP).varint(step); // the default is left out
    }

    private static byte[] record(Message event) {
        byte[] data = event.toBytes();
        ByteBuffer record = ByteBuffer.allocate(Long.BYTES + Integer.BYTES + data.length + Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(checksum(record.array(), 0, Long.BYTES));
        record.put(data);
        record.putInt(checksum(record.array(), Long.BYTES + Integer.BYTES, data.length));
        return record.array();
    }

    private static int checksum(byte[] bytes, int from, int count) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, count);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }

    /** A protocol buffer message in the making. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Message varint(long value) {
            long left = value;
            while (left > 0x7f) {
                out.write((int) ((left & 0x7f) | 0x80));
                left >>>= 7;
            }
            out.write((int) left);
            return this;
        }

        Message fixed(int field, int type, int size, long bits) {
            varint(((long) field << 3) | type);
            for (int i = 0; i < size; i++) {
                out.write((int) (bits >>> (8 * i)));
            }
            return this;
        }

        Message bytes(int field, byte[] bytes) {
            varint(((long) field << 3) | BYTES).varint(bytes.length);
            out.writeBytes(bytes);
            return this;
        }

        byte[] toBytes() {
            return out.toByteArray();
        }
    }
}
