package org.fl4j.compression;

import java.util.Arrays;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * The values of at least a size; the others become zero. What is lost of a value is smaller than the value, and smaller
 * than the threshold (Strom 2015, Interspeech, without its quantisation).
 *
 * @param least above 0
 * @param positions how they are written
 * @param values how they are written
 */
public record Threshold(double least, Positions positions, KeptValues values) implements Sparse.Code {
    private static final long FIXED = Integer.SIZE - 1;
    private static final long GOLOMB = 2;

    /** Checks the threshold. */
    public Threshold {
        Check.positive("least", least);
        Check.present("positions", positions);
        Check.present("values", values);
    }

    @Override
    public void write(float[] vector, Seed seed, BitWriter out) {
        int[] chosen = new int[vector.length];
        int count = 0;
        for (int i = 0; i < vector.length; i++) {
            if (Math.abs(vector[i]) >= least) {
                chosen[count++] = i;
            }
        }
        chosen = Arrays.copyOf(chosen, count);
        out.bits(count, Integer.SIZE);
        positions.write(chosen, vector.length, out);
        values.write(Sparse.gather(vector, chosen), seed, out);
    }

    @Override
    public Sparse readSparse(int size, BitReader in) {
        long count = in.bits(Integer.SIZE);
        Check.that(count <= size, "number of kept values", "at most " + size, count);
        int[] chosen = positions.read((int) count, size, in);
        return new Sparse(chosen, values.read(chosen.length, in));
    }

    /** All values may be large enough; Golomb codes are no longer than two bits for each position then. */
    @Override
    public long mostBits(int size) {
        return Integer.SIZE + size * (positions == Positions.FIXED ? FIXED : GOLOMB) + values.mostBits(size);
    }

    @Override
    public Loss loss() {
        return Loss.CONTRACTION;
    }
}
