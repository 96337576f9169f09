package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * A random rotation makes values nearly normal, each becomes the nearest of {@code 2^bits} centroids that are best for
 * normal values, and one scale makes up for what that loses (Vargaftik et al. 2022, arXiv 2108.08842). With one bit it
 * is DRIVE (Vargaftik et al. 2021, arXiv 2105.08339, with the scale of its theorem 3). Both have the right mean if the
 * rotation is uniform. As in their code, it is a Hadamard transform of random signs, for which that holds nearly, and
 * better the longer a vector is.
 *
 * @param bits of one value, 1 to 8
 */
public record Eden(int bits) implements VectorCode {
    /** Checks the bits. */
    public Eden {
        Check.inRange("bits", 1, 8, bits);
    }

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        NormalCentroids centroids = NormalCentroids.of(bits);
        float[] rotated = values.clone();
        new Rotation(seed).apply(rotated);
        double toNormal = squares > 0 ? Math.sqrt(values.length / squares) : 0;
        double product = 0;
        int[] nearest = new int[values.length];
        for (int i = 0; i < rotated.length; i++) {
            nearest[i] = centroids.nearest((float) (rotated[i] * toNormal));
            product += rotated[i] * (double) centroids.value(nearest[i]);
        }
        out.number(seed.value());
        out.number(product > 0 ? (float) (squares / product) : 0);
        for (int centroid : nearest) {
            out.bits(centroid, bits);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        Rotation rotation = new Rotation(new Seed(in.number()));
        float scale = in.size();
        NormalCentroids centroids = NormalCentroids.of(bits);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = scale * centroids.value((int) in.bits(bits));
        }
        if (scale == 0) {
            return new float[size];
        }
        rotation.invert(values);
        return values;
    }

    @Override
    public long mostBits(int size) {
        return Long.SIZE + Float.SIZE + (long) bits * size;
    }

    @Override
    public Loss loss() {
        return Loss.OTHER;
    }
}
