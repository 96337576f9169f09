package org.fl4j.tracking;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A TensorBoard event file: records of length, checksum of the length, data, checksum of the data (TFRecord), whose data are {@code Event}
 * messages of tensorflow/core/util/event.proto: 1 wall time, 2 step, 3 file version, 5 summary.
 */
final class EventFile {
    private static final int HEADER = Long.BYTES + Integer.BYTES;
    private static final int EVENT = 1 + Long.BYTES + 1; // its wall time and one tag, at least
    private static final int MASK = 0xa282ead8;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int STEP = 2 << 3; // its field and type

    private final Path file;

    EventFile(Path file) {
        this.file = file;
    }

    /** Starts the file anew, or keeps what a resumed run does not repeat. */
    void keepUpTo(int round, double now) {
        try {
            ByteArrayOutputStream kept = new ByteArrayOutputStream();
            kept.writeBytes(record(event(now, 0).bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8))));
            if (round > 0 && Files.exists(file)) {
                ByteBuffer old = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
                while (isRecord(old)) {
                    byte[] record = new byte[HEADER + (int) old.getLong(old.position()) + Integer.BYTES];
                    old.get(record);
                    long step = step(record);
                    if (step > 0 && step <= round) {
                        kept.writeBytes(record);
                    }
                }
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            Path temporary = file.resolveSibling("partial"); // TensorBoard reads what has tfevents in its name
            Files.write(temporary, kept.toByteArray());
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rewrite " + file, e);
        }
    }

    /** Returns whether a whole record comes next, by its length and the checksum of that. */
    private static boolean isRecord(ByteBuffer in) {
        if (in.remaining() < HEADER + EVENT) {
            return false;
        }
        int start = in.position();
        long length = in.getLong(start);
        byte[] bytes = new byte[Long.BYTES];
        in.get(start, bytes);
        return in.getInt(start + Long.BYTES) == checksum(bytes, 0, Long.BYTES)
                && length >= EVENT
                && length <= in.remaining() - HEADER - Integer.BYTES;
    }

    /** Appends one event with a round's values. */
    void append(int round, double now, Map<String, Double> values) {
        Message summary = new Message();
        values.forEach((tag, value) -> summary.bytes(
                1,
                new Message()
                        .bytes(1, tag.getBytes(StandardCharsets.UTF_8))
                        .fixed(2, FIXED32, Integer.BYTES, Float.floatToIntBits(value.floatValue()))
                        .toBytes()));
        try {
            Files.write(file, record(event(now, round).bytes(5, summary.toBytes())), StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private static Message event(double wallTime, long step) {
        Message event = new Message().fixed(1, FIXED64, Long.BYTES, Double.doubleToLongBits(wallTime));
        return step == 0 ? event : event.varint(STEP).varint(step); // the default is left out
    }

    /** Returns an event's step: after its wall time, as written above. */
    private static long step(byte[] record) {
        int at = HEADER + 1 + Long.BYTES;
        if (record[at++] != STEP) {
            return 0;
        }
        long step = 0;
        for (int shift = 0; ; shift += 7) {
            step |= (long) (record[at] & 0x7f) << shift;
            if (record[at++] >= 0) {
                return step;
            }
        }
    }

    private static byte[] record(Message event) {
        byte[] data = event.toBytes();
        ByteBuffer record =
                ByteBuffer.allocate(HEADER + data.length + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(checksum(record.array(), 0, Long.BYTES));
        record.put(data);
        record.putInt(checksum(record.array(), HEADER, data.length));
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
