package org.fl4j.simulation;

import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.message.ClientStore;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterLayout;

/**
 * What of a run a server around another may need.
 *
 * @param states what is kept of clients between rounds, by clients and by servers
 * @param updates which updates a round takes
 * @param selector who chooses cohorts, and may learn from rounds
 * @param training how clients train, unless they are of the user's own making
 * @param codec how their deltas are encoded, if they are
 * @param clients who there is
 */
public record DecoratorContext(
        ClientStore states,
        UpdatePolicy updates,
        ClientSelector selector,
        Optional<LocalTraining> training,
        Optional<Codec> codec,
        ClientDirectory clients) {
    /** Returns how often a client with so many examples trains on one in a round, of all its examples together. */
    public long examplesSeen(int exampleCount) {
        return training.map(how -> how.examplesSeen(exampleCount)).orElse((long) exampleCount);
    }

    /** Returns how many bytes a client's delta takes on its way up, as far as that is known before it trains. */
    public long plannedBytes(ParameterLayout layout) {
        return codec.map(how -> how.plannedBytes(layout)).orElse(layout.byteCount());
    }
}
