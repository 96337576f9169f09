package org.fl4j.core;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/** Copies updates to the device. */
record InMemoryUpdates() implements UpdateStore {
    @Override
    public ModelUpdate keep(ModelUpdate update, RoundContext round, Device device) {
        ParameterVector here = update.delta().on(device);
        Map<String, NDArray> attachments = new TreeMap<>();
        update.attachments().forEach((name, array) -> attachments.put(name, Tensors.copy(array, device)));
        return update.withArrays(here == update.delta() ? here.copy() : here, attachments);
    }
}
