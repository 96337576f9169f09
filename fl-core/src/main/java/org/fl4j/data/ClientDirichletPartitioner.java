package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Draws for each client its own mix of classes from the symmetric Dirichlet distribution, and then its rows by that
 * mix, without replacement (Hsu et al. 2019, arXiv 1909.06335, section 3). Clients are of equal size, up to one row;
 * every row has one holder.
 *
 * <p>A class whose rows are all taken is left out of the mixes of the clients that follow. A client whose mix has no
 * rows left takes rows of the other classes, each with the same probability, so that the procedure always ends.
 *
 * @param concentration positive; small is skewed (0.1: few classes a client), large is even (100)
 */
record ClientDirichletPartitioner(double concentration) implements Partitioner {
    ClientDirichletPartitioner {
        Check.positive("concentration", concentration);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.inRange("clients", 1, labels.length, clients);
        RandomGenerator random = seed.generator();
        List<int[]> pools = new ArrayList<>();
        for (int[] rows : RowsByClass.of(labels).rows()) {
            int[] pool = rows.clone();
            Sampling.shuffle(pool, random);
            pools.add(pool);
        }
        int[] taken = new int[pools.size()];
        List<int[]> held = new ArrayList<>(clients);
        for (int client = 0; client < clients; client++) {
            double[] mix = Sampling.dirichlet(concentration, pools.size(), random);
            int[] rows = new int[labels.length / clients + (client < labels.length % clients ? 1 : 0)];
            for (int i = 0; i < rows.length; i++) {
                int label = draw(mix, pools, taken, random);
                rows[i] = pools.get(label)[taken[label]++];
            }
            held.add(rows);
        }
        return Partition.of(held);
    }

    /** Returns a class that has rows left. */
    private static int draw(double[] mix, List<int[]> pools, int[] taken, RandomGenerator random) {
        double[] weights = new double[mix.length];
        double[] open = new double[mix.length]; // 1 for each class that has rows left
        for (int label = 0; label < mix.length; label++) {
            open[label] = taken[label] < pools.get(label).length ? 1 : 0;
            weights[label] = open[label] * mix[label];
        }
        if (DoubleStream.of(weights).sum() == 0) {
            weights = open;
        }
        double sum = DoubleStream.of(weights).sum();
        double at = random.nextDouble() * sum;
        int last = -1;
        for (int label = 0; label < weights.length; label++) {
            if (weights[label] > 0) {
                last = label;
                at -= weights[label];
                if (at < 0) {
                    return label;
                }
            }
        }
        return last; // rounding left a little over
    }
}
