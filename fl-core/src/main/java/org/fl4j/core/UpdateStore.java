package org.fl4j.core;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/** Where updates wait until all of a round are there, for aggregators that must see them at once. */
public interface UpdateStore {
    /** Returns a copy of the update, on the device, that stays until it is closed or the round has ended. */
    ModelUpdate keep(ModelUpdate update, RoundContext round, Device device);

    /** Called once a round's aggregate is made: its updates are not needed any more. */
    default void roundEnded(int round) {}

    /** Returns the store that keeps updates in the memory of the device. */
    static UpdateStore inMemory() {
        return (update, round, device) -> {
            ParameterVector here = update.delta().on(device);
            Map<String, NDArray> attachments = new TreeMap<>();
            update.attachments().forEach((name, array) -> attachments.put(name, Tensors.copy(array, device)));
            return update.withArrays(here == update.delta() ? here.copy() : here, attachments);
        };
    }
}
