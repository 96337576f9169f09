package org.fl4j.message;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/** Copies updates to the device. */
record InMemoryUpdates() implements UpdateStore {
    @Override
    public ModelUpdate keep(ModelUpdate update, RoundContext round, Device device) {
        Optional<ParameterVector> delta = update.payload().delta().map(vector -> copy(vector, device));
        Map<String, NDArray> attachments = new TreeMap<>();
        update.attachments().forEach((name, array) -> attachments.put(name, Tensors.copy(array, device)));
        return update.with(
                new Payload(delta, attachments, Map.of(), update.payload().slice()));
    }

    private static ParameterVector copy(ParameterVector vector, Device device) {
        ParameterVector here = vector.on(device);
        return here == vector ? here.copy() : here;
    }
}
