package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Gives each client the same number of classes: client i owns class i mod C and further random ones, and the rows of a
 * class are shared evenly among its owners ({@code #C = k} of Li et al. 2022, arXiv 2102.02079).
 *
 * <p>Deviations: rows of a class that nobody owns (fewer clients than classes) stay unused; the original divides by
 * zero.
 *
 * @param classesPerClient at least 1, at most the number of classes
 */
record ClassesPerClientPartitioner(int classesPerClient) implements Partitioner {
    /** Checks the count. */
    ClassesPerClientPartitioner {
        Check.positive("classesPerClient", classesPerClient);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.inRange("clients", 1, labels.length, clients);
        RowsByClass classes = RowsByClass.of(labels);
        Check.inRange("classesPerClient", 1, classes.classCount(), classesPerClient);
        RandomGenerator random = seed.generator();
        List<List<Integer>> owners = owners(classes.classCount(), clients, random);
        return classes.sharedAmong(owners, clients, random);
    }

    private List<List<Integer>> owners(int classes, int clients, RandomGenerator random) {
        List<List<Integer>> owners = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            owners.add(new ArrayList<>());
        }
        for (int client = 0; client < clients; client++) {
            int first = client % classes;
            owners.get(first).add(client);
            for (int other : Sampling.withoutReplacement(classes - 1, classesPerClient - 1, random)) {
                owners.get(other < first ? other : other + 1).add(client);
            }
        }
        return owners;
    }
}
