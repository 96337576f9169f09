package org.fl4j.tensor;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.internal.Check;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices a run computes on. Workers share them round-robin; the server computes on the first.
 *
 * @param list one device or more
 */
public record Devices(List<Device> list) {
    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    /** Copies the list, which must not be empty. */
    public Devices {
        list = List.copyOf(list);
        Check.positive("device count", list.size());
    }

    /** Returns the CPU. */
    public static Devices cpu() {
        return new Devices(List.of(Device.cpu()));
    }

    /**
     * Reads a device specification: {@code cpu}; {@code gpu} (the first one); {@code gpu:1}; {@code auto} (every GPU,
     * or the CPU with one log line where there is none); or several, separated by commas.
     *
     * @throws IllegalArgumentException if a name is unknown or the device is not there; the message lists what is
     */
    public static Devices parse(String specification) {
        return parse(specification, TensorEngine.gpuCount());
    }

    static Devices parse(String specification, int gpuCount) {
        if (specification.trim().equalsIgnoreCase("auto")) {
            if (gpuCount == 0) {
                LOG.info("Device auto: no usable GPU, computing on the CPU");
                return cpu();
            }
            return new Devices(
                    IntStream.range(0, gpuCount).mapToObj(Device::gpu).toList());
        }
        List<Device> devices = new ArrayList<>();
        for (String name : specification.split(",", -1)) {
            devices.add(parseOne(name.trim().toLowerCase(Locale.ROOT), specification, gpuCount));
        }
        return new Devices(devices);
    }

    private static Device parseOne(String name, String specification, int gpuCount) {
        for (int i = 0; i < gpuCount; i++) {
            if (name.equals("gpu:" + i) || (i == 0 && name.equals("gpu"))) {
                return Device.gpu(i);
            }
        }
        String available = Stream.concat(
                        Stream.of("cpu"), IntStream.range(0, gpuCount).mapToObj(i -> "gpu:" + i))
                .collect(Collectors.joining(", "));
        Check.that(
                name.equals("cpu"), "device", "auto or a list of available devices (" + available + ")", specification);
        return Device.cpu();
    }

    /** Returns the device of the server: central evaluation, aggregation and the server optimizer. */
    public Device first() {
        return list.get(0);
    }

    /** Returns the device of a worker, numbered from 0. */
    public Device forWorker(int worker) {
        return list.get(worker % list.size());
    }
}
