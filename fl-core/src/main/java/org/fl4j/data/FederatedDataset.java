package org.fl4j.data;

import ai.djl.Device;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;

/** The data of all clients. Any number of threads may ask at once. */
public interface FederatedDataset {
    /** Returns who holds data, and how many examples. */
    ClientDirectory clients();

    /** Returns a client's examples on the device, always in the same order; their arrays belong to the data set. */
    ClientExamples examples(ClientId client, Device device);

    /**
     * Returns a short text that differs where the data differ, which a checkpoint remembers so that a run is not resumed on other data.
     * By default it is empty: then the class and its settings are compared, and how many examples each client has.
     */
    default String fingerprint() {
        return "";
    }
}
