package org.fl4j.wire;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Slot;
import org.fl4j.core.StrategyState;
import org.fl4j.core.Ticket;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * A client's task where it is another process's work: what the client is sent beside a shared message, and what it kept.
 *
 * @param ticket whom it is for, in which round, and with which seed
 * @param shared the id of the shared message
 * @param ownModel the model in place of the shared one
 * @param settings numbers beside the shared ones, by name
 * @param kept what the client kept of its last accepted round, by slot
 */
public record ClientTask(
        Ticket ticket,
        String shared,
        Optional<ParameterVector> ownModel,
        Map<String, Double> settings,
        Map<Slot, StrategyState> kept) {
    /** Checks for presence. */
    public ClientTask {
        Check.present("ticket", ticket);
        Check.present("shared", shared);
        Check.present("ownModel", ownModel);
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        kept = Map.copyOf(kept);
    }
}
