package org.fl4j.testing;

import java.util.concurrent.atomic.AtomicReference;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.Simulation;

/** Makes the clients of algorithms, to be tested by themselves. */
public final class Clients {
    private Clients() {}

    /** Returns what makes an algorithm's clients, which train as {@code training} says. */
    public static ClientFactory of(Algorithm algorithm, LocalTraining training) {
        AtomicReference<SgdClientFactory> made = new AtomicReference<>();
        Simulation.builder().algorithm(algorithm).algorithm(parts -> {
            made.set(parts.sgdClients());
            return parts;
        });
        return (id, worker) -> made.get().create(id, worker, training);
    }
}
