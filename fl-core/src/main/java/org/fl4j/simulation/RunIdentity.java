package org.fl4j.simulation;

import org.fl4j.core.ClientDirectory;
import org.fl4j.random.Seed;

/**
 * What a checkpoint and the run that goes on from it must have in common, beside the model.
 *
 * @param seed the run's
 * @param clients how many there are, and a hash of their example counts
 */
record RunIdentity(Seed seed, String clients) {
    static RunIdentity of(Seed seed, ClientDirectory directory) {
        int hash = 1;
        for (int position = 0; position < directory.size(); position++) {
            hash = 31 * hash + directory.exampleCount(directory.id(position));
        }
        return new RunIdentity(seed, directory.size() + " with example counts " + Integer.toHexString(hash));
    }
}
