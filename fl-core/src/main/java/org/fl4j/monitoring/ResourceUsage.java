package org.fl4j.monitoring;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;

/**
 * How much of a machine is in use.
 *
 * @param cpu the share of its processors' time, in [0, 1], since it was looked at before
 * @param memory the share of its memory, in [0, 1]
 * @param availableMemoryBytes how much memory is left
 * @param disk the share of the disk that a run writes to, in [0, 1]
 * @param processBytes the resident memory of this process, native memory with it
 * @param gpuLoad the share of the time of the run's GPUs, the mean of them, in [0, 1]; empty if there is none, or none
 *     that tells
 * @param gpuMemory the share of the memory of the run's GPUs, the mean of them, in [0, 1]; empty if there is none
 */
public record ResourceUsage(
        double cpu,
        double memory,
        long availableMemoryBytes,
        double disk,
        long processBytes,
        OptionalDouble gpuLoad,
        OptionalDouble gpuMemory) {
    private static final String OBSERVED = "observed/";
    private static final String CPU = "resource/cpu";
    private static final String MEMORY = "resource/memory";
    private static final String AVAILABLE = "resource/available bytes";
    private static final String DISK = "resource/disk";
    private static final String PROCESS = "resource/process bytes";
    private static final String GPU = "resource/gpu";
    private static final String GPU_MEMORY = "resource/gpu memory";

    /** Checks that shares are in [0, 1]. */
    public ResourceUsage {
        share("cpu", cpu);
        share("memory", memory);
        share("disk", disk);
        gpuLoad.ifPresent(value -> share("gpuLoad", value));
        gpuMemory.ifPresent(value -> share("gpuMemory", value));
    }

    /** Describes a machine without a GPU whose disk is empty and whose processes are small; for scripted probes. */
    public static ResourceUsage of(double cpu, double memory, long availableMemoryBytes) {
        return new ResourceUsage(
                cpu, memory, availableMemoryBytes, 0, 0, OptionalDouble.empty(), OptionalDouble.empty());
    }

    private static void share(String name, double value) {
        Check.that(value >= 0 && value <= 1, name, "in [0, 1]", value);
    }

    /** Returns what a round {@linkplain #toObserved observed} of the machine's load. */
    public static ResourceUsage observed(Metrics observed) {
        return new ResourceUsage(
                observed.value(OBSERVED + CPU),
                observed.value(OBSERVED + MEMORY),
                (long) observed.value(OBSERVED + AVAILABLE),
                observed.value(OBSERVED + DISK),
                (long) observed.value(OBSERVED + PROCESS),
                observed.find(OBSERVED + GPU),
                observed.find(OBSERVED + GPU_MEMORY));
    }

    /** Returns this as what a round observes before it is planned, under names that begin with {@code observed/}. */
    public Metrics toObserved() {
        Metrics all = Metrics.none();
        for (Map.Entry<String, Double> value : byName().entrySet()) {
            all = all.merge(Metrics.of(OBSERVED + value.getKey(), value.getValue(), 1));
        }
        return all;
    }

    /** Returns what there is, by the names of metrics. */
    Map<String, Double> byName() {
        Map<String, Double> values = new TreeMap<>();
        values.put(CPU, cpu);
        values.put(MEMORY, memory);
        values.put(AVAILABLE, (double) availableMemoryBytes);
        values.put(DISK, disk);
        values.put(PROCESS, (double) processBytes);
        gpuLoad.ifPresent(value -> values.put(GPU, value));
        gpuMemory.ifPresent(value -> values.put(GPU_MEMORY, value));
        return values;
    }
}
