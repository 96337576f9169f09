package org.fl4j.data;

import ai.djl.Device;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/** A data set without its last clients in the directory. */
final class HeldOutClients implements FederatedDataset {
    private final FederatedDataset all;
    private final ClientDirectory clients;

    HeldOutClients(FederatedDataset all, int count) {
        int size = all.clients().size();
        Check.inRange("count of held-out clients", 0, size - 1, count);
        int last = all.clients().index(size - 1 - count);
        this.all = all;
        clients = all.clients().where(index -> index <= last); // ids ascend with positions
    }

    @Override
    public ClientDirectory clients() {
        return clients;
    }

    @Override
    public ClientExamples examples(ClientId client, Device device) {
        return all.examples(client, device);
    }

    @Override
    public void release(ClientId client, Examples source) {
        all.release(client, source);
    }

    @Override
    public String fingerprint() {
        return clients.size() + " clients of " + all.fingerprint();
    }

    @Override
    public boolean sharesExamplesWith(FederatedDataset other) {
        return this == other || all.sharesExamplesWith(other);
    }
}
