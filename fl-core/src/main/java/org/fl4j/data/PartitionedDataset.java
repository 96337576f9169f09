package org.fl4j.data;

import ai.djl.Device;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * One data set whose rows are shared out among clients. A client costs the indices of its rows. On a GPU the data set
 * is copied to the device once; close this to free such copies.
 */
public final class PartitionedDataset implements FederatedDataset, AutoCloseable {
    private final Examples examples;
    private final Partition partition;
    private final Map<Device, Examples> copies = new ConcurrentHashMap<>();

    /**
     * Makes the federated view; it shares the tensors of {@code examples}.
     *
     * @throws IllegalArgumentException if the partition names a row that is not there
     */
    public PartitionedDataset(Examples examples, Partition partition) {
        Check.that(
                partition.largestRow() < examples.count(),
                "largest row of the partition",
                "below the example count " + examples.count(),
                partition.largestRow());
        this.examples = examples;
        this.partition = partition;
        copies.put(examples.features().getDevice(), examples);
    }

    @Override
    public ClientDirectory clients() {
        return partition.clients();
    }

    @Override
    public ClientExamples examples(ClientId client, Device device) {
        Examples local = copies.computeIfAbsent(
                device, target -> examples.on(target).keep(examples.features().getManager()));
        return new ClientExamples(local, partition.rows(client));
    }

    @Override
    public String fingerprint() {
        return DataFingerprint.of(examples) + ", partition " + Integer.toHexString(partition.hashCode());
    }

    @Override
    public boolean sharesExamplesWith(FederatedDataset other) {
        return this == other
                || (other instanceof PartitionedDataset that
                        && examples.features() == that.examples.features()
                        && partition.overlaps(that.partition));
    }

    /** Frees the copies on other devices than the data set's own. */
    @Override
    public void close() {
        Device own = examples.features().getDevice();
        copies.forEach((device, copy) -> {
            if (!device.equals(own)) {
                copy.close();
            }
        });
        copies.keySet().retainAll(Set.of(own));
    }
}
