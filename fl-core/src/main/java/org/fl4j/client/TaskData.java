package org.fl4j.client;

import ai.djl.Device;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;

/**
 * A data set as one worker sees it: asked once a task for the examples of a client, and told when the task has ended.
 * What the data set returns stays open meanwhile, whatever scope the caller has open. For one thread at a time.
 */
final class TaskData implements FederatedDataset {
    private final FederatedDataset whole;
    private final List<Lent> lent = new ArrayList<>(1);

    private record Lent(ClientId client, Device device, ClientExamples examples) {}

    TaskData(FederatedDataset whole) {
        this.whole = whole;
    }

    @Override
    public ClientDirectory clients() {
        return whole.clients();
    }

    @Override
    public ClientExamples examples(ClientId client, Device device) {
        for (Lent known : lent) {
            if (known.client.equals(client) && known.device.equals(device)) {
                return known.examples;
            }
        }
        try (NDScope scope = new NDScope()) { // what else is made on the way is freed
            scope.suppressNotUsedWarning();
            ClientExamples examples = whole.examples(client, device);
            if (examples == null) {
                throw new IllegalStateException(
                        whole.getClass().getName() + " must have examples for " + client + ", but returned null");
            }
            Examples source = examples.source();
            source.requireOpen();
            NDScope.unregister(source.features(), source.labels());
            lent.add(new Lent(client, device, examples));
            return examples;
        }
    }

    /** Hands everything back. */
    void taskEnded() {
        while (!lent.isEmpty()) {
            Lent last = lent.remove(lent.size() - 1);
            whole.release(last.client, last.examples.source());
        }
    }

    @Override
    public void release(ClientId client, Examples source) {
        // the worker does when the task has ended
    }

    @Override
    public String fingerprint() {
        return whole.fingerprint();
    }

    @Override
    public boolean sharesExamplesWith(FederatedDataset other) {
        return whole.sharesExamplesWith(other);
    }
}
