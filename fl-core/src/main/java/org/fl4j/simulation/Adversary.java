package org.fl4j.simulation;

import org.fl4j.core.Aggregator;
import org.fl4j.data.FederatedDataset;

/**
 * What some clients do against a run: they train on falsified examples, or send falsified updates. It has a name, so
 * that an experiment can be declared with it; fl-aggregators adds the known ones.
 *
 * <p>The first clients, by index, are the attackers.
 */
public interface Adversary {
    /**
     * Returns what clients train on, some of it falsified; by default the data as they are.
     *
     * @param clean what honest clients hold
     * @param attackers how many of all clients attack, at least 0
     */
    default FederatedDataset poisoned(FederatedDataset clean, int attackers) {
        return clean;
    }

    /**
     * Returns an aggregator that receives some updates falsified; by default the defence as it is.
     *
     * @param defence the run's aggregator
     * @param attackers how many of all clients attack, at least 0
     */
    default Aggregator attacked(Aggregator defence, int attackers) {
        return defence;
    }
}
