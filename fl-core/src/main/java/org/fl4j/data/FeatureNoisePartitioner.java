package org.fl4j.data;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Deals rows evenly, and adds Gaussian noise to the features of each client: client i of n, counted from 1, sees a
 * standard deviation of {@code deviation * i / n}. It models devices with sensors of different quality (the noise-based
 * feature skew of Li et al. 2022, arXiv 2102.02079, section 4.2). The noise of an example is the same each time.
 *
 * @param deviation the standard deviation of the last client's noise, at least 0
 */
record FeatureNoisePartitioner(double deviation) implements Partitioner {
    FeatureNoisePartitioner {
        Check.notNegative("deviation", deviation);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        return new IidPartitioner().partition(labels, clients, seed);
    }

    @Override
    public boolean changesExamples() {
        return true;
    }

    @Override
    public FederatedDataset federated(Dataset data, int clients, Seed seed) {
        return new NoisyDataset(
                data.federated(partition(data, clients, seed)), clients, deviation, seed.derive("feature noise"));
    }
}
