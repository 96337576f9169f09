package org.fl4j.compression;

import java.util.Arrays;
import org.fl4j.internal.Check;

/** Writes bits into bytes; the first bit is the lowest of the first byte. For one thread. */
public final class BitWriter {
    private byte[] bytes = new byte[64];
    private int size;
    private long pending;
    private int pendingCount; // below 8 between calls

    /** Writes the lowest bits of a number, at most 32, the lowest first. */
    public void bits(long value, int count) {
        pending |= (value & ((1L << count) - 1)) << pendingCount;
        pendingCount += count;
        if (pendingCount >= Byte.SIZE) {
            flush();
        }
    }

    private void flush() {
        if (size + Long.BYTES > bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * bytes.length);
        }
        while (pendingCount >= Byte.SIZE) {
            bytes[size++] = (byte) pending;
            pending >>>= Byte.SIZE;
            pendingCount -= Byte.SIZE;
        }
    }

    /** Writes 64 bits. */
    public void number(long value) {
        bits(value, Integer.SIZE);
        bits(value >>> Integer.SIZE, Integer.SIZE);
    }

    /**
     * Writes a float32.
     *
     * @throws IllegalArgumentException if the number, a norm say, is larger than any float32
     */
    public void number(float value) {
        Check.that(Float.isFinite(value), "number of an encoded delta", "a finite float32", value);
        bits(Float.floatToRawIntBits(value), Float.SIZE);
    }

    /** Returns what was written; zeros fill the last byte. */
    public byte[] toBytes() {
        byte[] all = Arrays.copyOf(bytes, size + (pendingCount > 0 ? 1 : 0));
        if (pendingCount > 0) {
            all[size] = (byte) pending;
        }
        return all;
    }
}
