package org.fl4j.aggregators.mira;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * The random graph of {@link ClientGraph#random}, for any number of clients.
 *
 * @param threshold in [0, 1): smaller weights become 0
 * @param seed where the weights come from
 */
public record RandomClientGraph(double threshold, Seed seed) implements GraphOfClients {
    /** Checks both. */
    public RandomClientGraph {
        Check.fraction("threshold", threshold);
        Check.present("seed", seed);
    }

    @Override
    public ClientGraph of(int clients) {
        return ClientGraph.random(clients, threshold, seed);
    }
}
