package org.fl4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Cuts shuffled rows into one slice a client and draws from each slice, with replacement, a fraction of its size in the
 * class ratios asked for (the target balance ratios and subset fractions of the fedland experiments).
 *
 * <p>Deviations: rows are drawn once, from a named seed, where the original draws anew each epoch from an unseeded
 * generator; a ratio above 0 for a class that a slice lacks is an error, where the original drops it.
 *
 * @param ratios one list a client of one ratio a class, each at least 0, with a positive sum; without any list, clients
 *     keep the ratios of their slices, and hold the first rows of them, each once
 * @param subsetFractions one number a client in (0, 1]: the size of its data relative to its slice
 */
record ClassRatioPartitioner(List<List<Double>> ratios, List<Double> subsetFractions) implements Partitioner {
    /** Copies and checks both. */
    ClassRatioPartitioner {
        ratios = ratios.stream().map(List::copyOf).toList();
        subsetFractions = List.copyOf(subsetFractions);
        Check.that(
                ratios.isEmpty() || ratios.size() == subsetFractions.size(),
                "subsetFractions",
                "as many as the " + ratios.size() + " lists of ratios",
                subsetFractions.size());
        Check.positive("number of subsetFractions", subsetFractions.size());
        for (List<Double> ofClient : ratios) {
            ofClient.forEach(ratio -> Check.notNegative("ratio", ratio));
            Check.positive(
                    "sum of ratios",
                    ofClient.stream().mapToDouble(Double::doubleValue).sum());
        }
        subsetFractions.forEach(fraction -> Check.share("subsetFraction", fraction));
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.that(
                clients == subsetFractions.size(),
                "clients",
                "the number of subset fractions, " + subsetFractions.size(),
                clients);
        Check.inRange("clients", 1, labels.length, clients);
        RandomGenerator random = seed.generator();
        int[] order = Sampling.permutation(labels.length, random);
        int size = labels.length / clients;
        int classes = RowsByClass.of(labels).classCount();
        for (int client = 0; client < ratios.size(); client++) {
            Check.that(
                    ratios.get(client).size() == classes,
                    "ratios of client " + client,
                    "one for each of " + classes + " classes",
                    ratios.get(client));
        }
        List<int[]> held = new ArrayList<>(clients);
        for (int client = 0; client < clients; client++) {
            int[] slice = Arrays.copyOfRange(order, client * size, (client + 1) * size);
            int count = Math.max(1, (int) (slice.length * subsetFractions.get(client)));
            held.add(ratios.isEmpty() ? Arrays.copyOf(slice, count) : draw(slice, labels, client, count, random));
        }
        return Partition.of(held, Partition.Allowance.SHARED_ROWS); // rows are drawn with replacement
    }

    private int[] draw(int[] slice, int[] labels, int client, int count, RandomGenerator random) {
        List<Double> target = ratios.get(client);
        int classes = target.size();
        int[] drawn = new int[count];
        int[] counts = new int[classes];
        for (int row : slice) {
            counts[labels[row]]++;
        }
        for (int label = 0; label < classes; label++) {
            Check.that(
                    counts[label] > 0 || target.get(label) == 0,
                    "ratio of class " + label + " of client " + client,
                    "0, for its slice has no example of the class",
                    target.get(label));
        }
        double[] cumulative = new double[slice.length];
        double sum = 0;
        for (int i = 0; i < slice.length; i++) {
            int label = labels[slice[i]];
            sum += target.get(label) / counts[label];
            cumulative[i] = sum;
        }
        for (int i = 0; i < drawn.length; i++) {
            double at = random.nextDouble() * sum;
            int low = 0;
            int high = slice.length - 1;
            while (low < high) { // the first row whose cumulative weight is above the draw
                int middle = (low + high) >>> 1;
                if (cumulative[middle] > at) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            drawn[i] = slice[low];
        }
        return drawn;
    }
}
