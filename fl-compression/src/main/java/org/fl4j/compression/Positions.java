package org.fl4j.compression;

import org.fl4j.internal.Check;

/** How the positions of the values that are sent are written. */
public enum Positions {
    /** Each in as many bits as the largest position needs. */
    FIXED {
        @Override
        void write(int[] positions, int size, BitWriter out) {
            for (int position : positions) {
                out.bits(position, width(size));
            }
        }

        @Override
        int next(int last, int count, int size, BitReader in) {
            return (int) in.bits(width(size));
        }

        @Override
        long mostBits(int count, int size) {
            return (long) count * width(size);
        }
    },
    /** Golomb codes of the gaps, shortest for positions at random (Sattler et al. 2019, arXiv 1903.02891, alg. 3). */
    GOLOMB {
        @Override
        void write(int[] positions, int size, BitWriter out) {
            int width = golombWidth(positions.length, size);
            int last = -1;
            for (int position : positions) {
                int gap = position - last - 1;
                for (int ones = gap >>> width; ones > 0; ones--) {
                    out.bits(1, 1);
                }
                out.bits(0, 1);
                out.bits(gap, width);
                last = position;
            }
        }

        @Override
        int next(int last, int count, int size, BitReader in) {
            int width = golombWidth(count, size);
            long gap = 0;
            while (in.bits(1) == 1) {
                gap += 1L << width;
            }
            return (int) Math.min(size, last + 1 + gap + in.bits(width));
        }

        @Override
        long mostBits(int count, int size) {
            int width = golombWidth(count, size);
            return count * (width + 1L) + (size >>> width);
        }
    };

    private static final double GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

    abstract void write(int[] positions, int size, BitWriter out);

    /** Reads the position that follows another, or anything if the bits are none of a writer's. */
    abstract int next(int last, int count, int size, BitReader in);

    abstract long mostBits(int count, int size);

    /** Reads positions, ascending. */
    final int[] read(int count, int size, BitReader in) {
        int[] positions = new int[count];
        int last = -1;
        for (int i = 0; i < count; i++) {
            int position = next(last, count, size, in);
            Check.that(
                    position > last && position < size,
                    "position in an encoded delta",
                    "above " + last + " and below " + size,
                    position);
            positions[i] = position;
            last = position;
        }
        return positions;
    }

    private static int width(int size) {
        return Math.max(1, Integer.SIZE - Integer.numberOfLeadingZeros(size - 1));
    }

    /** The bits of a remainder: b* of the paper, for a share of positions. */
    static int golombWidth(int count, int size) {
        if (count == 0 || count >= size) {
            return 0;
        }
        double share = (double) count / size;
        double gap = Math.log(GOLDEN_RATIO - 1) / Math.log1p(-share);
        return Math.max(0, 1 + (int) Math.floor(Math.log(gap) / Math.log(2)));
    }
}
