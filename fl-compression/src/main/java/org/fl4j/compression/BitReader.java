package org.fl4j.compression;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.fl4j.internal.Check;

/** Reads what a {@link BitWriter} wrote. Refuses to read behind its end. For one thread. */
public final class BitReader {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private int next;
    private long pending;
    private int pendingCount;

    /** Reads some bytes, which must not change meanwhile. */
    public BitReader(byte... bytes) {
        this.bytes = bytes;
    }

    /**
     * Reads some bits, at most 32, as a number of at least 0.
     *
     * @throws IllegalArgumentException if there are not so many left, or they are to be more than 32
     */
    public long bits(int count) {
        Check.inRange("count of bits", 0, Integer.SIZE, count);
        if (pendingCount < count) {
            fill(count);
        }
        long value = pending & ((1L << count) - 1);
        pending >>>= count;
        pendingCount -= count;
        return value;
    }

    private void fill(int count) {
        if (next + Integer.BYTES <= bytes.length) {
            pending |= ((int) INTS.get(bytes, next) & 0xFFFFFFFFL) << pendingCount;
            next += Integer.BYTES;
            pendingCount += Integer.SIZE;
            return;
        }
        while (pendingCount < count) {
            if (next == bytes.length) {
                throw new IllegalArgumentException("bytes of an encoded delta must be as many as its vector needs,"
                        + " but there were only " + bytes.length);
            }
            pending |= (bytes[next++] & 0xFFL) << pendingCount;
            pendingCount += Byte.SIZE;
        }
    }

    /** Reads 64 bits. */
    public long number() {
        long low = bits(Integer.SIZE);
        return low | (bits(Integer.SIZE) << Integer.SIZE);
    }

    /**
     * Reads a float32.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public float float32() {
        float value = Float.intBitsToFloat((int) bits(Float.SIZE));
        Check.that(Float.isFinite(value), "number of an encoded delta", "a finite float32", value);
        return value;
    }

    /**
     * Reads a float32 of at least 0.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public float size() {
        float value = float32();
        Check.notNegative("norm or scale of an encoded delta", value);
        return value;
    }

    /** Returns how many whole bytes are left. */
    int bytesLeft() {
        return bytes.length - next + pendingCount / Byte.SIZE;
    }

    /**
     * Checks that all was read, but for zeros in the last byte.
     *
     * @throws IllegalArgumentException if more follows
     */
    public void requireEnd() {
        Check.that(
                next == bytes.length && pendingCount < Byte.SIZE && pending == 0,
                "bytes of an encoded delta",
                "no more than its vector needs",
                bytes.length);
    }
}
