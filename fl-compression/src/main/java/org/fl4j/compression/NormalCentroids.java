package org.fl4j.compression;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The points whose mean squared distance to a standard normal number is least (Lloyd 1982; Max 1960). */
final class NormalCentroids {
    private static final Map<Integer, NormalCentroids> BY_BITS = new ConcurrentHashMap<>();
    private static final int WORK = 160_000;
    private static final double PRECISION = 1e-12;
    private static final double END = 8; // beyond which there are next to no normal numbers

    private final float[] centroids;
    private final float[] bounds; // between a centroid and the next

    private NormalCentroids(double... exact) {
        centroids = new float[exact.length];
        bounds = new float[exact.length - 1];
        for (int i = 0; i < exact.length; i++) {
            centroids[i] = (float) exact[i];
        }
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = (float) ((exact[i] + exact[i + 1]) / 2);
        }
    }

    static NormalCentroids of(int bits) {
        return BY_BITS.computeIfAbsent(bits, any -> new NormalCentroids(lloyd(1 << bits)));
    }

    float value(int centroid) {
        return centroids[centroid];
    }

    int nearest(float value) {
        int low = 0;
        for (int half = centroids.length / 2; half > 0; half /= 2) {
            // 1 if the value is above: the sign of a difference, for a branch would be guessed wrong half the time
            int above = Float.floatToRawIntBits(bounds[low + half - 1] - value) >>> (Float.SIZE - 1);
            low += half * above;
        }
        return low;
    }

    /** Each point moves to the mean of the numbers that are nearest to it, again and again. */
    private static double[] lloyd(int count) {
        double[] points = new double[count];
        for (int i = 0; i < count; i++) { // where they are once there are many
            points[i] = Math.sqrt(3) * quantile((i + .5) / count);
        }
        double moved = 1;
        for (int turn = 0; turn < WORK / count && moved > PRECISION; turn++) {
            double[] next = new double[count];
            moved = 0;
            for (int i = 0; i < count; i++) {
                double from = i == 0 ? -END : (points[i - 1] + points[i]) / 2;
                double to = i == count - 1 ? END : (points[i] + points[i + 1]) / 2;
                next[i] = (density(from) - density(to)) / (below(to) - below(from));
                moved = Math.max(moved, Math.abs(next[i] - points[i]));
            }
            points = next;
        }
        for (int i = 0; i < count / 2; i++) { // exactly symmetric
            points[i] = -points[count - 1 - i];
        }
        return points;
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    /** Returns the share of normal numbers below x, by its series (Marsaglia 2004). */
    private static double below(double x) {
        double sum = x;
        double term = x;
        for (int i = 3; Math.abs(term) > Math.ulp(sum) / 2; i += 2) {
            term *= x * x / i;
            sum += term;
        }
        return .5 + sum * density(x);
    }

    private static double quantile(double share) {
        double low = -END;
        double high = END;
        while (high - low > PRECISION) {
            double middle = (low + high) / 2;
            if (below(middle) < share) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
