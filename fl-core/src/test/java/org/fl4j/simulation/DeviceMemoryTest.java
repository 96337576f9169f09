package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.fl4j.client.LocalTraining;
import org.fl4j.tensor.Devices;
import org.junit.jupiter.api.Test;

/** Devices of this test are GPUs by name alone: nothing computes on them. */
class DeviceMemoryTest extends RunSetup {
    private static final Device FIRST = Device.gpu(0);
    private static final Device SECOND = Device.gpu(1);

    /** A model of a million floats, 250 of an example's, which evaluates 400 examples at a time. */
    private static final Rehearsal.Seen MODEL =
            new Rehearsal.Seen(Optional.empty(), 1_000_000, OptionalLong.of(250), 400);

    private RunConfig run(int workers, int together, Device... devices) {
        return setup().training(LocalTraining.sgd(.1).batchSize(20))
                .workers(workers)
                .config()
                .with(run -> {
                    run.devices = new Devices(java.util.List.of(devices));
                    run.together = together;
                });
    }

    @Test
    void countsVectorsAndBatchesOfWorkersAndServer() {
        long client = 6_000_000 + 2 * 20 * 250;
        long server = 5_000_000 + 400 * 250;
        assertThat(DeviceMemory.estimate(run(1, 1, FIRST), MODEL)).isEqualTo(Map.of(FIRST, 4 * (server + client)));
        assertThat(DeviceMemory.estimate(run(3, 8, FIRST, SECOND), MODEL))
                .isEqualTo(Map.of(FIRST, 4 * (server + 2 * 8 * client), SECOND, 4 * 8 * client));
    }

    @Test
    void clientsOfAnotherExecutorNeedNothingHere() {
        RunConfig elsewhere = run(3, 8, FIRST, SECOND)
                .with(run -> run.executor = Optional.of(parts -> {
                    throw new IllegalStateException("nobody opens it");
                }));
        assertThat(DeviceMemory.estimate(elsewhere, MODEL)).isEqualTo(Map.of(FIRST, 4L * (5_000_000 + 400 * 250)));
    }

    @Test
    void warnsIfLessIsFree() {
        RunConfig run = run(1, 1, FIRST); // 42.4 MiB
        assertThat(new DeviceMemory(device -> OptionalLong.of(30L << 20)).warnings(run, MODEL))
                .containsExactly("This run is estimated to need 42 MiB on gpu(0), where 30 MiB are free. Fewer workers,"
                        + " smaller batches or a smaller blockSize need less.");
        assertThat(new DeviceMemory(device -> OptionalLong.of(50L << 20)).warnings(run, MODEL))
                .isEmpty();
        assertThat(new DeviceMemory(device -> OptionalLong.empty()).warnings(run, MODEL))
                .as("nobody asks")
                .isEmpty();
    }
}
