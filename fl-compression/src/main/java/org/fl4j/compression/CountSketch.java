package org.fl4j.compression;

import java.util.Arrays;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Rows of sums: in each row every value is added, with a random sign, to a random column; what is read of a value is
 * the median of its sums (Charikar et al. 2002). Large values survive, small ones drown in what falls into the same
 * columns. Linear: the sum of two sketches of one seed is the sketch of the sum.
 *
 * @param rows an odd number
 * @param fraction of the values that all rows have together, in (0, 1]; each row has at least one column
 */
public record CountSketch(int rows, double fraction) implements VectorCode {
    private static final int MOST_ROWS = 99;

    /** Checks the sizes. */
    public CountSketch {
        Check.inRange("rows", 1, MOST_ROWS, rows);
        Check.that(rows % 2 == 1, "rows", "odd, so that there is a median", rows);
        Check.share("fraction", fraction);
    }

    private int columns(int size) {
        return (int) Math.max(1, Math.ceil(fraction * size / rows));
    }

    /** Returns how many sums there are of a vector of a length. */
    int sumCount(int size) {
        return rows * columns(size);
    }

    /** Returns the sums of a vector, row by row. */
    float[] sums(float[] values, Seed seed) {
        int columns = columns(values.length);
        float[] sums = new float[rows * columns];
        for (int row = 0; row < rows; row++) {
            double[] ofRow = new double[columns];
            Coins coins = new Coins(seed.derive(row));
            for (float value : values) {
                long draw = coins.next();
                ofRow[column(draw, columns)] += (draw & 1) == 0 ? value : -value;
            }
            for (int column = 0; column < columns; column++) {
                sums[row * columns + column] = (float) ofRow[column];
            }
        }
        return sums;
    }

    private static int column(long draw, int columns) {
        return (int) Math.multiplyHigh(draw >>> 1, 2L * columns);
    }

    /** Returns what is read of each value of a vector of a length. */
    float[] estimates(int size, float[] sums, Seed seed) {
        int columns = columns(size);
        Coins[] coins = new Coins[rows];
        for (int row = 0; row < rows; row++) {
            coins[row] = new Coins(seed.derive(row));
        }
        float[] values = new float[size];
        float[] read = new float[rows];
        for (int i = 0; i < size; i++) {
            for (int row = 0; row < rows; row++) {
                long draw = coins[row].next();
                float sum = sums[row * columns + column(draw, columns)];
                read[row] = (draw & 1) == 0 ? sum : 0 - sum; // no -0
            }
            Arrays.sort(read);
            values[i] = read[rows / 2];
        }
        return values;
    }

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        out.number(seed.value());
        for (float sum : sums(values, seed)) {
            out.number(sum);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        Seed seed = new Seed(in.number());
        float[] sums = new float[sumCount(size)];
        for (int i = 0; i < sums.length; i++) {
            sums[i] = in.float32();
        }
        return estimates(size, sums, seed);
    }

    @Override
    public long mostBits(int size) {
        return Long.SIZE + (long) Float.SIZE * sumCount(size);
    }

    @Override
    public Loss loss() {
        return Loss.UNBIASED;
    }
}
