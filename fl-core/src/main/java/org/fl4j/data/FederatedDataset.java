package org.fl4j.data;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;

/** The data of all clients. Any number of threads may ask at once. */
public interface FederatedDataset {
    /** Returns who holds data, and how many examples. */
    ClientDirectory clients();

    /**
     * Returns a client's examples, always in the same order, in new arrays on the device, attached to the manager and to
     * the open scope.
     */
    Examples examples(ClientId client, Device device, NDManager manager);
}
