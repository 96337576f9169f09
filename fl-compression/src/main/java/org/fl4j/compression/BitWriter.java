package org.fl4j.compression;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.fl4j.internal.Check;

/** Writes bits into bytes; the first bit is the lowest of the first byte. For one thread. */
public final class BitWriter {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes = new byte[64];
    private int size;
    private long pending;
    private int pendingCount; // below 32 between calls

    /**
     * Writes the lowest bits of a number, at most 32, the lowest first.
     *
     * @throws IllegalArgumentException if they are to be more
     */
    public void bits(long value, int count) {
        Check.inRange("count of bits", 0, Integer.SIZE, count);
        pending |= (value & ((1L << count) - 1)) << pendingCount;
        pendingCount += count;
        if (pendingCount >= Integer.SIZE) {
            flush();
        }
    }

    private void flush() {
        if (size + Integer.BYTES > bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * bytes.length);
        }
        INTS.set(bytes, size, (int) pending);
        size += Integer.BYTES;
        pending >>>= Integer.SIZE;
        pendingCount -= Integer.SIZE;
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
        byte[] all = Arrays.copyOf(bytes, size + (pendingCount + Byte.SIZE - 1) / Byte.SIZE);
        for (int i = size; i < all.length; i++) {
            all[i] = (byte) (pending >>> (Byte.SIZE * (i - size)));
        }
        return all;
    }
}
