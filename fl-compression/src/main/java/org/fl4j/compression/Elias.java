package org.fl4j.compression;

import org.fl4j.internal.Check;

/** The recursive code of whole numbers from 1 (Elias 1975, omega): short for small ones, and without a largest. */
final class Elias {
    private static final int TABLE = 1024;
    private static final long[] CODES = new long[TABLE]; // the first bit is the lowest
    private static final int[] LENGTHS = new int[TABLE];

    static {
        for (int number = 1; number < TABLE; number++) {
            LENGTHS[number] = computedLength(number);
            CODES[number] = computedCode(number);
        }
    }

    private Elias() {}

    private static long computedCode(int number) {
        long code = 0; // ends with the bit 0
        for (int rest = number; rest > 1; ) {
            int width = Integer.SIZE - Integer.numberOfLeadingZeros(rest);
            code = (code << width) | (Integer.reverse(rest) >>> (Integer.SIZE - width)); // its highest bit first
            rest = width - 1;
        }
        return code;
    }

    private static int computedLength(int number) {
        int length = 1;
        for (int rest = number; rest > 1; ) {
            int width = Integer.SIZE - Integer.numberOfLeadingZeros(rest);
            length += width;
            rest = width - 1;
        }
        return length;
    }

    /** Returns how many bits a number takes. */
    static int length(int number) {
        return number < TABLE ? LENGTHS[number] : computedLength(number);
    }

    static void write(int number, BitWriter out) {
        long code = number < TABLE ? CODES[number] : computedCode(number);
        int length = length(number);
        int first = Math.min(length, Integer.SIZE);
        out.bits(code, first);
        out.bits(code >>> first, length - first);
    }

    /** Reads a number. */
    static int read(BitReader in) {
        int number = 1;
        while (in.bits(1) == 1) {
            Check.that(number < Integer.SIZE - 1, "number of an encoded delta", "below 2^31", "one of more bits");
            int next = 1;
            for (int i = 0; i < number; i++) {
                next = 2 * next + (int) in.bits(1);
            }
            number = next;
        }
        return number;
    }
}
