package org.fl4j.examples.benchmark;

import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;

/**
 * What a workload trains and evaluates on; unlike in a {@link Dataset}, labels need not be classes.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param train examples of the clients
 * @param test examples of the server
 */
record BenchmarkData(Examples train, Examples test) implements AutoCloseable {
    static BenchmarkData of(Dataset dataset) {
        return new BenchmarkData(dataset.train(), dataset.test());
    }

    FederatedDataset federated(Partition partition) {
        return new PartitionedDataset(train, partition);
    }

    @Override
    public void close() {
        train.close();
        test.close();
    }
}
