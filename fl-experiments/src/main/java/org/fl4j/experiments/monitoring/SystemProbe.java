package org.fl4j.experiments.monitoring;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.MemoryUsage;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.fl4j.internal.UnpackFolder;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.monitoring.ResourceUsage;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor.TickType;
import oshi.hardware.GlobalMemory;
import oshi.hardware.GpuStats;
import oshi.hardware.GraphicsCard;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.software.os.OSProcess;

/**
 * Looks at this machine, by OSHI; at the memory of GPUs by DJL. A GPU's load is that of the NVIDIA card with its
 * number, in the order in which the system lists them; no GPU was at hand to try it. Looks at most twenty times a
 * second, and in between tells what it saw last.
 *
 * <p>The load of the processors is measured between two readings of counters, which move on every 300 ms by OSHI. Until
 * they do, the load is the one that was measured last. The first sample waits for them if it has to, so that no machine
 * counts as idle that nobody has measured.
 */
public final class SystemProbe implements ResourceProbe {
    private static final long SHORTEST_NANOS = 50_000_000;
    private static final long PAUSE_NANOS = 10_000_000;
    private static final long LONGEST_WAIT_NANOS = 5_000_000_000L;

    private final ProcessorTicks processors;
    private final GlobalMemory memory;
    private final OSProcess process;
    private final FileStore disk;
    private final List<Device> gpus;
    private final List<GraphicsCard> cards;
    private long[] ticks; // when the load was measured last
    private double cpu; // not measured before the first sample
    private long sampledAt; // or when the probe was made
    private Optional<ResourceUsage> last = Optional.empty();

    /**
     * Begins to look.
     *
     * @param disk a file or directory, which exists, on the disk that matters
     * @param devices what the run computes on; those that are GPUs are looked at
     */
    public SystemProbe(Path disk, List<Device> devices) {
        this(disk, devices, ProcessorTicks.of(system().getHardware().getProcessor()));
    }

    SystemProbe(Path disk, List<Device> devices, ProcessorTicks processors) {
        SystemInfo system = system();
        HardwareAbstractionLayer hardware = system.getHardware();
        this.processors = processors;
        memory = hardware.getMemory();
        process = system.getOperatingSystem().getCurrentProcess();
        gpus = devices.stream().filter(Device::isGpu).distinct().toList();
        List<GraphicsCard> nvidia = gpus.isEmpty()
                ? List.of()
                : hardware.getGraphicsCards().stream()
                        .filter(card ->
                                card.getVendor().toUpperCase(Locale.ROOT).contains("NVIDIA"))
                        .toList();
        cards = gpus.stream()
                .filter(gpu -> gpu.getDeviceId() < nvidia.size())
                .map(gpu -> nvidia.get(gpu.getDeviceId()))
                .toList();
        ticks = processors.read();
        sampledAt = processors.nanoTime();
        try {
            this.disk = Files.getFileStore(disk);
        } catch (IOException e) {
            throw new UncheckedIOException("disk must be on a file system, but was " + disk, e);
        }
    }

    /** OSHI asks the system through JNA, which unpacks a native library on first use. */
    private static SystemInfo system() {
        SystemInfo system = new SystemInfo();
        try {
            system.getHardware().getProcessor();
            system.getOperatingSystem().getCurrentProcess();
            return system;
        } catch (LinkageError e) {
            String folder = System.getProperty("jna.tmpdir", System.getProperty("java.io.tmpdir"));
            UnpackFolder unpack = new UnpackFolder("JNA", Path.of(folder), "the system property jna.tmpdir");
            throw unpack.unwritable().orElseGet(() -> unpack.unloadable(e));
        }
    }

    /**
     * Returns what is in use now, or was less than 50 ms ago.
     *
     * @throws IllegalStateException if the system does not count the processors' time
     */
    @Override
    public synchronized ResourceUsage sample(int round) {
        if (last.isPresent() && processors.nanoTime() - sampledAt < SHORTEST_NANOS) {
            return last.get();
        }
        if (last.isEmpty()) {
            awaitLoad();
        } else {
            measureLoad();
        }
        ResourceUsage usage = look();
        last = Optional.of(usage);
        sampledAt = processors.nanoTime();
        return usage;
    }

    /** Waits until some time has been counted since the probe was made: before that the load is not known. */
    private void awaitLoad() {
        long begin = processors.nanoTime();
        while (processors.nanoTime() - sampledAt < SHORTEST_NANOS || !measureLoad()) {
            if (processors.nanoTime() - begin > LONGEST_WAIT_NANOS) {
                throw new IllegalStateException(
                        "counters of the processors' time must move on, but stood still for 5 s");
            }
            processors.pause(PAUSE_NANOS);
        }
    }

    /** Measures the load since it was measured last; returns false if no time has been counted since. */
    private boolean measureLoad() {
        long[] now = processors.read();
        long all = 0;
        for (int type = 0; type < now.length; type++) {
            all += now[type] - ticks[type];
        }
        if (all <= 0) {
            return false;
        }
        long idle = since(now, TickType.IDLE) + since(now, TickType.IOWAIT);
        cpu = clamped((double) (all - idle) / all);
        ticks = now;
        return true;
    }

    private long since(long[] now, TickType type) {
        return now[type.getIndex()] - ticks[type.getIndex()];
    }

    private ResourceUsage look() {
        long available = memory.getAvailable();
        process.updateAttributes();
        return new ResourceUsage(
                cpu,
                clamped(1 - (double) available / memory.getTotal()),
                available,
                diskUsed(),
                process.getResidentMemory(),
                cards.stream()
                        .mapToDouble(SystemProbe::percentBusy)
                        .filter(percent -> percent >= 0)
                        .map(percent -> clamped(percent / 100))
                        .average(),
                gpus.stream().mapToDouble(SystemProbe::gpuMemoryUsed).average());
    }

    private double diskUsed() {
        try {
            return clamped(1 - (double) disk.getUsableSpace() / Math.max(1, disk.getTotalSpace()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at " + disk, e);
        }
    }

    /** Returns below 0 for a card that does not tell. */
    private static double percentBusy(GraphicsCard card) {
        try (GpuStats stats = card.createStatsSession()) {
            return stats.getGpuUtilization();
        }
    }

    private static double gpuMemoryUsed(Device gpu) {
        MemoryUsage usage = CudaUtils.getGpuMemory(gpu);
        return clamped((double) usage.getCommitted() / usage.getMax());
    }

    /** Two looks at moving counters may differ by more than there is. */
    private static double clamped(double share) {
        return share >= 0 ? Math.min(share, 1) : 0;
    }
}
