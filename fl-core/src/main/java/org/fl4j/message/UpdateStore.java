package org.fl4j.message;

import ai.djl.Device;

/** Where updates wait until all of a round are there, for aggregators that must see them at once. */
public interface UpdateStore {
    /** Returns a copy of the update, on the device, that stays until it is closed or the round has ended. */
    ModelUpdate keep(ModelUpdate update, RoundContext round, Device device);

    /** Called when a round has ended, however it did: its updates are not needed any more. */
    default void roundEnded(int round) {}

    /** Returns the store that keeps updates in the memory of the device. */
    static UpdateStore inMemory() {
        return new InMemoryUpdates();
    }
}
