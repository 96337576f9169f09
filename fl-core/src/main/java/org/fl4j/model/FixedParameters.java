package org.fl4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/**
 * What of a model never changes: frozen parameters, and buffers of unusual types. There is one copy on each device, for
 * all workers. Thread-safe.
 */
final class FixedParameters implements AutoCloseable {
    private final Map<String, NDArray> values; // by name, in the order of the network
    private final Map<Device, Map<String, NDArray>> copies = new ConcurrentHashMap<>();
    private final List<NDManager> managers = Collections.synchronizedList(new ArrayList<>());

    FixedParameters(Map<String, NDArray> values) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** Returns the values on a device, by name, in the order of the network. */
    Map<String, NDArray> on(Device device) {
        boolean here =
                values.values().stream().allMatch(value -> value.getDevice().equals(device));
        return here ? values : copies.computeIfAbsent(device, this::copy);
    }

    private Map<String, NDArray> copy(Device device) {
        NDManager manager = TensorEngine.newManager(device);
        managers.add(manager);
        Map<String, NDArray> there = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (value.getDevice().equals(device)) {
                there.put(name, value);
            } else {
                NDArray copy = value.toDevice(device, /* copy= */ true);
                ParameterVector.keep(copy, manager);
                there.put(name, copy);
            }
        });
        return Collections.unmodifiableMap(there);
    }

    /** Returns the SHA-256 of all values, in hexadecimal digits; nothing if there are none. */
    Optional<String> sha256() {
        return values.isEmpty() ? Optional.empty() : Optional.of(Tensors.sha256(List.copyOf(values.values())));
    }

    /** Returns how many bytes the values take on a device. */
    long byteCount() {
        return values.values().stream()
                .mapToLong(value -> value.size() * value.getDataType().getNumOfBytes())
                .sum();
    }

    @Override
    public void close() {
        managers.forEach(NDManager::close);
    }
}
