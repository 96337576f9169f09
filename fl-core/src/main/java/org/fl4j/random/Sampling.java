package org.fl4j.random;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;

/** Permutations, samples without replacement, and draws from distributions that partitioners need. */
public final class Sampling {
    private Sampling() {}

    /** Returns a uniform random permutation of 0 to {@code size - 1}. */
    public static int[] permutation(int size, RandomGenerator random) {
        int[] result = new int[size];
        for (int i = 0; i < size; i++) {
            result[i] = i;
        }
        shuffle(result, random);
        return result;
    }

    /** Shuffles in place (Fisher and Yates). */
    public static void shuffle(int[] values, RandomGenerator random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
    }

    /**
     * Returns {@code count} distinct numbers of 0 to {@code size - 1}, ascending, every subset equally likely. Costs
     * O(count) time and memory whatever {@code size} is (algorithm F2 of Floyd, Communications of the ACM 30(9), 1987).
     */
    public static int[] withoutReplacement(int size, int count, RandomGenerator random) {
        Check.inRange("count", 0, size, count);
        Set<Integer> chosen = new HashSet<>(2 * count);
        for (int limit = size - count; limit < size; limit++) {
            int candidate = random.nextInt(limit + 1);
            if (!chosen.add(candidate)) {
                chosen.add(limit);
            }
        }
        return chosen.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    /**
     * Returns those of 0 to {@code size - 1}, ascending, whose own coin of probability {@code rate}, in (0, 1], shows
     * heads. Costs O(chosen): the gaps between them are geometric.
     */
    public static int[] poisson(int size, double rate, RandomGenerator random) {
        Check.atLeast("size", 0, size);
        Check.share("rate", rate);
        if (rate == 1) {
            return IntStream.range(0, size).toArray();
        }
        return IntStream.iterate(gap(rate, random), at -> at < size, at ->
                        (int) Math.min(Integer.MAX_VALUE, 1L + at + gap(rate, random)))
                .toArray();
    }

    /** How many are passed over before the next: geometric. */
    private static int gap(double rate, RandomGenerator random) {
        return (int) Math.min(Integer.MAX_VALUE, Math.floor(-random.nextExponential() / Math.log1p(-rate)));
    }

    /**
     * Draws items one after another without replacement, each time in proportion to the weights of those left (as
     * numpy's {@code choice}; by exponential keys, Efraimidis and Spirakis 2006).
     *
     * @param weights at least 0; an item of weight 0 is drawn only when no other is left
     * @param count at most the number of items
     * @return positions of the items drawn, ascending
     */
    public static int[] weighted(double[] weights, int count, RandomGenerator random) {
        Check.inRange("count", 0, weights.length, count);
        Smallest first = new Smallest(count);
        for (int i = 0; i < weights.length; i++) {
            Check.notNegative("weight", weights[i]);
            first.offer(random.nextExponential() / weights[i], i); // infinite for weight 0
        }
        int[] drawn = first.ids();
        Arrays.sort(drawn);
        return drawn;
    }

    /** Returns one draw from the symmetric Dirichlet distribution: {@code dimension} shares that sum to 1. */
    public static double[] dirichlet(double concentration, int dimension, RandomGenerator random) {
        double[] logs = new double[dimension];
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < dimension; i++) {
            logs[i] = logGamma(concentration, random);
            largest = Math.max(largest, logs[i]);
        }
        double[] shares = new double[dimension];
        for (int i = 0; i < dimension; i++) {
            shares[i] = Math.exp(logs[i] - largest);
        }
        double sum = Arrays.stream(shares).sum();
        for (int i = 0; i < dimension; i++) {
            shares[i] /= sum;
        }
        return shares;
    }

    /**
     * The logarithm of a Gamma(shape, 1) draw (Marsaglia and Tsang, ACM TOMS 26(3), 2000); for shape below 1 it is
     * boosted by U^(1/shape), whose logarithm does not underflow where the number itself would.
     */
    private static double logGamma(double shape, RandomGenerator random) {
        if (shape < 1) {
            return logGamma(shape + 1, random) + Math.log(1 - random.nextDouble()) / shape;
        }
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) { // accepts with probability above 0.95 a turn
            double x = random.nextGaussian();
            double v = Math.pow(1 + c * x, 3);
            if (v > 0 && Math.log(1 - random.nextDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
                return Math.log(d * v);
            }
        }
    }

    /**
     * Rounds shares of a total to whole counts that sum to exactly {@code total} (largest remainder; ties go to the
     * lower index).
     */
    public static int[] apportion(double[] shares, int total) {
        int[] counts = new int[shares.length];
        double[] remainders = new double[shares.length];
        int given = 0;
        for (int i = 0; i < shares.length; i++) {
            double exact = shares[i] * total;
            counts[i] = (int) Math.floor(exact);
            remainders[i] = exact - counts[i];
            given += counts[i];
        }
        Integer[] order = new Integer[shares.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(remainders[b], remainders[a]));
        for (int i = 0; i < total - given; i++) {
            counts[order[i % order.length]]++;
        }
        return counts;
    }
}
