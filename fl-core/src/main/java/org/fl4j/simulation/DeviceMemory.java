package org.fl4j.simulation;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Estimates the memory of a run on its GPUs, and warns before the first round if less is free. Counts vectors of
 * parameters and what layers make of batches; neither data nor what the engine needs for itself. It is no more than a
 * warning: memory that the engine keeps from an earlier run counts as used, though it is used again.
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
            try {
                MemoryUsage usage = CudaUtils.getGpuMemory(device);
                return OptionalLong.of(usage.getMax() - usage.getCommitted());
            } catch (EngineException | IllegalArgumentException e) { // CUDA's own library is not found
                LOG.debug("The free memory of {} is not known", device, e);
                return OptionalLong.empty();
            }
        });
    }

    /** Returns about how many bytes each device needs. Clients of another executor need none of them. */
    static Map<Device, Long> estimate(RunConfig run, Rehearsal.Seen model) {
        long ofExample = model.floatsOfExample().orElse(0);
        long rows = run.training == null ? 0 : Math.min(run.training.batchSize(), new BlockRule(run).mostExamples());
        long ofClient = OF_CLIENT * model.floatCount() + 2 * rows * ofExample; // a value and its gradient
        Map<Device, Long> floats = new LinkedHashMap<>();
        floats.put(run.devices.first(), OF_SERVER * model.floatCount() + model.evaluationRows() * ofExample);
        int workers = run.executor.isPresent() ? 0 : run.workers;
        for (int worker = 0; worker < workers; worker++) {
            floats.merge(run.devices.forWorker(worker), run.together * ofClient, Long::sum);
        }
        floats.replaceAll((device, count) -> Float.BYTES * count);
        return floats;
    }

    /** Logs a warning for each device whose free memory is smaller than the estimate. */
    void warn(RunConfig run, Rehearsal.Seen model) {
        warnings(run, model).forEach(LOG::warn);
    }

    List<String> warnings(RunConfig run, Rehearsal.Seen model) {
        Map<Device, Long> available = new LinkedHashMap<>();
        run.devices.list().forEach(device -> free.apply(device).ifPresent(bytes -> available.put(device, bytes)));
        List<String> warnings = new ArrayList<>();
        if (available.isEmpty()) {
            return warnings; // the estimate looks at each client, and there may be millions of them
        }
        estimate(run, model).forEach((device, bytes) -> {
            if (bytes > available.getOrDefault(device, Long.MAX_VALUE)) {
                warnings.add("This run is estimated to need " + bytes / MEBI + " MiB on " + device + ", where "
                        + available.get(device) / MEBI
                        + " MiB are free. Fewer workers, smaller batches or a smaller blockSize need less.");
            }
        });
        return warnings;
    }
}
