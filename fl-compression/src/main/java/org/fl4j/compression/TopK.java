package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * The {@code ceil(fraction * d)} values of the largest size, of equal ones the first; the others become zero. A
 * contraction with delta {@code k / d} (Stich et al. 2018, arXiv 1809.07599, definition 2.1). With values of one bit
 * and Golomb codes of positions it is sparse ternary compression, STC (Sattler et al. 2019, arXiv 1903.02891).
 *
 * @param fraction of the values, in (0, 1]
 * @param positions how they are written
 * @param values how they are written
 */
public record TopK(double fraction, Positions positions, KeptValues values) implements Sparse.Code {
    /** Checks the fraction. */
    public TopK {
        Check.share("fraction", fraction);
        Check.present("positions", positions);
        Check.present("values", values);
    }

    /** Makes the code that sends float32 values, and positions of fixed width. */
    public TopK(double fraction) {
        this(fraction, Positions.FIXED, new KeptValues(Float.SIZE));
    }

    /** Returns sparse ternary compression. */
    public static TopK sparseTernary(double fraction) {
        return new TopK(fraction, Positions.GOLOMB, new KeptValues(1));
    }

    /** Returns how many of {@code size} values are sent: 1 to size. */
    static int count(double fraction, int size) {
        return (int) Math.min(size, Math.ceil(fraction * size));
    }

    @Override
    public void write(float[] vector, Seed seed, BitWriter out) {
        int[] chosen = Largest.positions(vector, count(fraction, vector.length));
        positions.write(chosen, vector.length, out);
        values.write(Sparse.gather(vector, chosen), seed, out);
    }

    @Override
    public Sparse readSparse(int size, BitReader in) {
        int[] chosen = positions.read(count(fraction, size), size, in);
        return new Sparse(chosen, values.read(chosen.length, in));
    }

    @Override
    public long mostBits(int size) {
        int count = count(fraction, size);
        return positions.mostBits(count, size) + values.mostBits(count);
    }

    @Override
    public Loss loss() {
        return Loss.CONTRACTION;
    }
}
