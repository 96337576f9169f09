package org.fl4j.aggregators.attack;

import ai.djl.Device;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * A data set of which the first clients, by index, hold poisoned examples: the same rows, of another version of the
 * whole. Poison what clients train on, and evaluate them on clean data. Close it to free the poisoned copies; the
 * clean data set stays.
 */
public final class PoisonedDataset implements FederatedDataset, AutoCloseable {
    private final FederatedDataset clean;
    private final Poison poison;
    private final int clients;
    private final Map<Device, Version> versions = new ConcurrentHashMap<>();

    private record Version(Examples clean, Examples poisoned) {}

    /**
     * Poisons a data set.
     *
     * @param clean a data set whose clients share one set of examples; another one is refused when a second set appears
     * @param poison what poisoned clients see of it
     * @param clients how many are poisoned, at least 0
     */
    public PoisonedDataset(FederatedDataset clean, Poison poison, int clients) {
        this.clean = Check.present("clean", clean);
        this.poison = Check.present("poison", poison);
        this.clients = Check.atLeast("clients", 0, clients);
    }

    @Override
    public ClientDirectory clients() {
        return clean.clients();
    }

    @Override
    public ClientExamples examples(ClientId client, Device device) {
        ClientExamples own = clean.examples(client, device);
        if (client.index() >= clients) {
            return own;
        }
        Version version = versions.computeIfAbsent(device, key -> {
            Examples copy = poison.poisoned(own.source());
            return new Version(own.source(), copy.keep(own.source().features().getManager()));
        });
        Check.that(
                version.clean.labels() == own.source().labels(),
                "clean",
                "a data set whose clients share one set of examples",
                "one in which " + client + " has its own");
        int[] rows = new int[own.count()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = own.row(i);
        }
        return new ClientExamples(version.poisoned, rows);
    }

    /** Returns whether the clean data set does: a poisoned example is another version of the same one. */
    @Override
    public boolean sharesExamplesWith(FederatedDataset other) {
        return this == other || clean.sharesExamplesWith(other);
    }

    @Override
    public void close() {
        versions.values().forEach(version -> version.poisoned.close());
        versions.clear();
    }
}
