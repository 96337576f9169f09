package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    void refusesWhatCannotFit() {
        RunConfig run = run(1, 1, FIRST); // 42.4 MiB
        DeviceMemory small = new DeviceMemory(device -> OptionalLong.of(30L << 20));
        assertThatThrownBy(() -> small.require(run, MODEL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("memory of a run on gpu(0) must be at most the 30 MiB that are free; fewer workers, smaller"
                        + " batches or a smaller blockSize take less, but was about 42 MiB");
        assertThatCode(() -> new DeviceMemory(device -> OptionalLong.of(50L << 20)).require(run, MODEL))
                .doesNotThrowAnyException();
        assertThatCode(() -> new DeviceMemory(device -> OptionalLong.empty()).require(run, MODEL))
                .as("nobody asks")
                .doesNotThrowAnyException();
    }
}
