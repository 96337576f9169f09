package org.fl4j.privacy.noise;

import java.util.random.RandomGenerator;

/**
 * Draws standard normal numbers in float64 by the ziggurat of Marsaglia and Tsang (2000), with bits for the layer and
 * for the place in it that do not overlap (Doornik 2005): 256 layers of equal area, of which a place inside the
 * next-higher one, 98.9 % of them, is accepted as it is.
 */
final class Ziggurat {
    private static final int LAYERS = 256;
    private static final double TAIL = 3.654152885361009; // where the lowest layer's tail begins
    private static final double AREA = 0.0049286732339746545; // of each layer, below exp(-x^2 / 2)
    private static final double[] EDGES = edges(); // of the layers, from the lowest; 0 at the top
    private static final double[] DENSITIES = new double[LAYERS + 1]; // at the edges
    private static final double[] WIDTHS = new double[LAYERS]; // of a layer, over 2^54
    private static final long[] SURE = new long[LAYERS]; // places below it are accepted

    static {
        for (int i = 0; i <= LAYERS; i++) {
            DENSITIES[i] = density(EDGES[i]);
        }
        for (int i = 0; i < LAYERS; i++) {
            WIDTHS[i] = EDGES[i] * 0x1p-54;
            SURE[i] = (long) (EDGES[i + 1] / EDGES[i] * 0x1p54);
        }
    }

    private final BulkGenerator random;
    private long[] bits = {};
    private int[] open = {}; // which numbers of a block are not known yet

    /** Draws from a generator's numbers. */
    Ziggurat(BulkGenerator random) {
        this.random = random;
    }

    private static double[] edges() {
        double[] edges = new double[LAYERS + 1];
        edges[0] = AREA / density(TAIL); // as wide as if the tail were a part of the rectangle
        edges[1] = TAIL;
        for (int i = 2; i < LAYERS; i++) {
            edges[i] = Math.sqrt(-2 * Math.log(AREA / edges[i - 1] + density(edges[i - 1])));
        }
        return edges;
    }

    private static double density(double x) {
        return Math.exp(-.5 * x * x);
    }

    /** Fills an array with normal numbers of a standard deviation. */
    void fill(float[] values, double deviation) {
        if (bits.length != values.length) {
            bits = new long[values.length];
            open = new int[values.length];
        }
        random.fill(bits);
        int count = place(values, deviation, bits, open);
        for (int i = 0; i < count; i++) {
            values[open[i]] = (float) (deviation * rare(bits[open[i]], random));
        }
    }

    /** Takes all places as if they were accepted, and notes where they are not. */
    private static int place(float[] values, double deviation, long[] bits, int... open) {
        int count = 0;
        for (int i = 0; i < values.length; i++) {
            long place = bits[i] >> 9; // 55 bits with the sign; the layer is in the lowest eight
            int layer = (int) bits[i] & 255;
            values[i] = (float) (deviation * (place * WIDTHS[layer]));
            if (Math.abs(place) >= SURE[layer]) {
                open[count++] = i;
            }
        }
        return count;
    }

    /** Goes on where a place was not accepted at once: in the tail, between two layers, or anew. */
    private static double rare(long first, RandomGenerator random) {
        for (long bits = first; ; bits = random.nextLong()) {
            long place = bits >> 9;
            int layer = (int) bits & 255;
            double x = place * WIDTHS[layer];
            if (Math.abs(place) < SURE[layer]) {
                return x;
            }
            if (layer == 0) {
                return Math.copySign(tail(random), x);
            }
            double height = DENSITIES[layer] + random.nextDouble() * (DENSITIES[layer + 1] - DENSITIES[layer]);
            if (height < density(x)) {
                return x;
            }
        }
    }

    /** Marsaglia's method for the tail: exact. */
    private static double tail(RandomGenerator random) {
        while (true) {
            double beyond = -Math.log(1 - random.nextDouble()) / TAIL;
            double other = -Math.log(1 - random.nextDouble());
            if (2 * other >= beyond * beyond) {
                return TAIL + beyond;
            }
        }
    }
}
