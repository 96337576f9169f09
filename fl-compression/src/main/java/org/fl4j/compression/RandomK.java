package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * {@code ceil(fraction * d)} values at positions that both sides draw from one seed, which is sent in their place
 * (Konečný et al. 2016, arXiv 1610.05492, random masks).
 *
 * @param fraction of the values, in (0, 1]
 * @param scale of the values that are sent
 * @param values how they are written; float32 if they are to keep the mean
 */
public record RandomK(double fraction, Scale scale, KeptValues values) implements Sparse.Code {
    /** What the values that are sent are multiplied by. */
    public enum Scale {
        /** {@code d / k}, so that the mean is right. */
        UNBIASED,
        /** 1: a contraction with delta {@code k / d} in the mean, for {@link ErrorFeedback}. */
        NONE
    }

    /** Checks the fraction. */
    public RandomK {
        Check.share("fraction", fraction);
        Check.present("scale", scale);
        Check.present("values", values);
    }

    @Override
    public void write(float[] vector, Seed seed, BitWriter out) {
        out.number(seed.value());
        values.write(Sparse.gather(vector, positions(vector.length, seed)), seed, out);
    }

    /** Passes over the positions once, each is taken as likely as any other (Knuth, volume 2, 3.4.2, algorithm S). */
    private int[] positions(int size, Seed seed) {
        Coins coins = new Coins(seed);
        int[] chosen = new int[TopK.count(fraction, size)];
        int next = 0;
        for (int i = 0; next < chosen.length; i++) {
            long draw = Math.multiplyHigh(coins.next() >>> 1, 2L * (size - i)); // uniform below size - i
            if (draw < chosen.length - next) {
                chosen[next++] = i;
            }
        }
        return chosen;
    }

    @Override
    public Sparse readSparse(int size, BitReader in) {
        int[] chosen = positions(size, new Seed(in.number()));
        float[] kept = values.read(chosen.length, in);
        double factor = scale == Scale.NONE ? 1 : (double) size / chosen.length;
        for (int i = 0; i < kept.length; i++) {
            kept[i] = (float) (kept[i] * factor);
        }
        return new Sparse(chosen, kept);
    }

    @Override
    public long mostBits(int size) {
        return Long.SIZE + values.mostBits(TopK.count(fraction, size));
    }

    @Override
    public Loss loss() {
        if (scale == Scale.NONE) {
            return Loss.CONTRACTION;
        }
        return values.bits() == Float.SIZE ? Loss.UNBIASED : Loss.OTHER;
    }
}
