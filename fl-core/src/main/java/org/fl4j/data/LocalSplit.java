package org.fl4j.data;

import org.fl4j.internal.Check;

/**
 * The data of all clients in two parts without a common example, made by {@link FederatedDataset#split}. Both parts
 * list all clients, under the same names; each directory counts the examples of its own part.
 *
 * @param train what clients train on
 * @param test what clients are evaluated on; of some clients it may be empty
 */
public record LocalSplit(FederatedDataset train, FederatedDataset test) {
    /** Checks for presence. */
    public LocalSplit {
        Check.present("train", train);
        Check.present("test", test);
    }
}
