package org.fl4j.simulation;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import org.fl4j.client.LocalTraining;
import org.fl4j.internal.Check;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Estimates the memory of a run on each of its devices, so that one that cannot fit ends before the first round. Counts
 * vectors of parameters and what layers make of batches; neither data nor what the engine needs for itself.
 *
 * @param free how many bytes are free on a device; nothing where that is not asked, as on the CPU
 */
record DeviceMemory(Function<Device, OptionalLong> free) {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceMemory.class);

    /** A client's parameters, the received ones, their difference, a gradient, and two vectors of an optimizer. */
    private static final int OF_CLIENT = 6;

    /** The model, the next one, their sums, and two vectors of an optimizer. */
    private static final int OF_SERVER = 5;

    private static final long MEBI = 1L << 20;

    /** Asks the machine for the free memory of its GPUs. */
    static DeviceMemory ofMachine() {
        return new DeviceMemory(device -> {
            if (!device.isGpu()) {
                return OptionalLong.empty();
            }
            MemoryUsage usage = CudaUtils.getGpuMemory(device);
            return OptionalLong.of(usage.getMax() - usage.getCommitted());
        });
    }

    /** Returns about how many bytes each device needs. */
    static Map<Device, Long> estimate(RunConfig run, Rehearsal.Seen model) {
        long ofExample = model.floatsOfExample().orElse(0);
        long rows = run.training == null ? 0 : mostRows(run.training, run);
        long ofClient = OF_CLIENT * model.floatCount() + 2 * rows * ofExample; // a value and its gradient
        Map<Device, Long> floats = new LinkedHashMap<>();
        floats.put(run.devices.first(), OF_SERVER * model.floatCount() + model.evaluationRows() * ofExample);
        for (int worker = 0; worker < run.workers; worker++) {
            floats.merge(run.devices.forWorker(worker), run.together * ofClient, Long::sum);
        }
        floats.replaceAll((device, count) -> Float.BYTES * count);
        return floats;
    }

    private static long mostRows(LocalTraining training, RunConfig run) {
        return Math.min(training.batchSize(), new BlockRule(run).mostExamples());
    }

    /**
     * Checks a run against what is free.
     *
     * @throws IllegalArgumentException if a device cannot hold it
     */
    void require(RunConfig run, Rehearsal.Seen model) {
        Map<Device, Long> available = new LinkedHashMap<>();
        run.devices.list().forEach(device -> free.apply(device).ifPresent(bytes -> available.put(device, bytes)));
        if (available.isEmpty()) {
            return; // who has a million clients counts their examples for a reason only
        }
        estimate(run, model).forEach((device, bytes) -> {
            LOG.info("Parameters and batches of this run take about {} MiB on {}", bytes / MEBI, device);
            Check.that(
                    bytes <= available.getOrDefault(device, Long.MAX_VALUE),
                    "memory of a run on " + device,
                    "at most the " + available.getOrDefault(device, 0L) / MEBI + " MiB that are free; fewer workers,"
                            + " smaller batches or a smaller blockSize take less",
                    "about " + bytes / MEBI + " MiB");
        });
    }
}
