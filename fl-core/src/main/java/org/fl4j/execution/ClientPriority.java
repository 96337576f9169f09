package org.fl4j.execution;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;

/** How important a client is. Called by the server and by workers at once. */
@FunctionalInterface
public interface ClientPriority extends Serializable {
    /** Returns its rank, at least 0; 0 is the most important. */
    int rank(ClientId client);

    /** Returns the priority by which all clients are alike: rank 0. */
    static ClientPriority same() {
        return client -> 0;
    }

    /**
     * Returns the priority by which those with more examples begin earlier, so that no long task is left for the end of
     * a round: the longest-processing-time rule (Graham 1969, Bounds on multiprocessing timing anomalies).
     */
    static ClientPriority largestFirst(ClientDirectory clients) {
        int[] counts = IntStream.range(0, clients.size())
                .map(i -> clients.exampleCount(new ClientId(i)))
                .toArray();
        int most = Arrays.stream(counts).max().orElse(0);
        return client -> most - counts[client.index()];
    }
}
