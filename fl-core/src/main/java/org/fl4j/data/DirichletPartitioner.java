package org.fl4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Shares the rows of each class out by a draw of the symmetric Dirichlet distribution, leaving out clients that already
 * hold their fair share of rows, and draws again until every client has a minimum (the label skew of Li et al. 2022,
 * arXiv 2102.02079; after Yurochkin et al. 2019, arXiv 1905.12022). Every row has one holder.
 *
 * <p>Deviations: at most {@value #LARGEST_TRY_COUNT} draws, then an exception, where the original loops for ever.
 *
 * @param concentration positive; small is skewed (0.1: few classes a client), large is even (100)
 * @param minimumExamples what every client must hold, at least 0
 */
record DirichletPartitioner(double concentration, int minimumExamples) implements Partitioner {
    private static final int LARGEST_TRY_COUNT = 200;

    /** Checks both. */
    DirichletPartitioner {
        Check.positive("concentration", concentration);
        Check.atLeast("minimumExamples", 0, minimumExamples);
    }

    /** Asks for one example a client at least. */
    DirichletPartitioner(double concentration) {
        this(concentration, 1);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.positive("clients", clients);
        Check.that(
                (long) clients * minimumExamples <= labels.length,
                "minimumExamples",
                "at most " + labels.length / clients + " for " + labels.length + " rows and " + clients + " clients",
                minimumExamples);
        RowsByClass classes = RowsByClass.of(labels);
        RandomGenerator random = seed.generator();
        int best = 0;
        for (int attempt = 0; attempt < LARGEST_TRY_COUNT; attempt++) {
            List<int[]> held = draw(classes, labels.length, clients, random);
            int smallest = held.stream().mapToInt(rows -> rows.length).min().orElseThrow();
            if (smallest >= minimumExamples) {
                return minimumExamples == 0
                        ? Partition.of(held, Partition.Allowance.EMPTY_CLIENTS)
                        : Partition.of(held);
            }
            best = Math.max(best, smallest);
        }
        throw new IllegalArgumentException("minimumExamples must be feasible: " + LARGEST_TRY_COUNT
                + " draws with concentration " + concentration + " gave the smallest client " + best
                + " rows at most, but it was " + minimumExamples + ". Maybe a larger concentration, or fewer clients.");
    }

    private List<int[]> draw(RowsByClass classes, int total, int clients, RandomGenerator random) {
        List<List<int[]>> parts = new ArrayList<>(clients);
        for (int i = 0; i < clients; i++) {
            parts.add(new ArrayList<>());
        }
        int[] sizes = new int[clients];
        for (int[] ofClass : classes.rows()) {
            int[] rows = ofClass.clone();
            Sampling.shuffle(rows, random);
            int[] counts = Sampling.apportion(shares(sizes, total, random), rows.length);
            int from = 0;
            for (int client = 0; client < clients; client++) {
                parts.get(client).add(Arrays.copyOfRange(rows, from, from + counts[client]));
                from += counts[client];
                sizes[client] += counts[client];
            }
        }
        return parts.stream().map(RowsByClass::concatenate).toList();
    }

    private double[] shares(int[] sizes, int total, RandomGenerator random) {
        double[] shares = Sampling.dirichlet(concentration, sizes.length, random);
        double[] open = new double[sizes.length];
        double sum = 0;
        for (int i = 0; i < sizes.length; i++) {
            open[i] = (long) sizes[i] * sizes.length < total ? shares[i] : 0;
            sum += open[i];
        }
        if (sum == 0) { // the draw gave all its mass to clients that are full
            return shares;
        }
        for (int i = 0; i < open.length; i++) {
            open[i] /= sum;
        }
        return open;
    }
}
