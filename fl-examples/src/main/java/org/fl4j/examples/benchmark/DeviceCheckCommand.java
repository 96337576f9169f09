package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;
import java.util.concurrent.Callable;
import org.fl4j.internal.Check;
import org.fl4j.tensor.Devices;
import org.fl4j.tensor.TensorEngine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Checks that a GPU computes what the CPU computes. */
@Command(
        name = "gpu-check",
        description = "Runs the same on the CPU and on a GPU, and compares what was learned, time and memory. Exits"
                + " with 1 if they do not agree.",
        mixinStandardHelpOptions = true)
public final class DeviceCheckCommand implements Callable<Integer> {
    private static final int MEBI = 1 << 20;

    @Option(
            names = "--device",
            defaultValue = "gpu",
            description = "what is compared with the CPU: gpu, gpu:1, gpu:0,gpu:1, or cpu to try this command"
                    + " (default: ${DEFAULT-VALUE})")
    private String device;

    @Option(names = "--rounds", defaultValue = "5", description = "rounds a run (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--clients", defaultValue = "20", description = "clients a round (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(names = "--examples", defaultValue = "60", description = "examples a client (default: ${DEFAULT-VALUE})")
    private int examples;

    @Option(
            names = "--tolerance",
            defaultValue = "0.02",
            description = "largest distance of the models, against what was learned (default: ${DEFAULT-VALUE});"
                    + " convolutions of NVIDIA's library round to ten bits unless NVIDIA_TF32_OVERRIDE=0 is set")
    private double tolerance;

    @Override
    public Integer call() {
        Check.atLeast("--rounds", 2, rounds);
        Check.positive("--clients", clients);
        Check.positive("--examples", examples);
        Check.that(tolerance >= 0, "--tolerance", "at least 0", tolerance);
        Devices devices = Devices.parse(device);
        System.out.printf("libtorch %s, usable GPUs: %d%n", TensorEngine.version(), TensorEngine.gpuCount());
        devices.list().stream().filter(Device::isGpu).forEach(gpu -> {
            MemoryUsage memory = CudaUtils.getGpuMemory(gpu);
            System.out.printf(
                    "%s: %d MiB of memory, %d MiB of them in use%n",
                    gpu, memory.getMax() / MEBI, memory.getCommitted() / MEBI);
        });
        return new DeviceCheck(devices, rounds, clients, examples, tolerance).print(System.out) ? 0 : 1;
    }
}
