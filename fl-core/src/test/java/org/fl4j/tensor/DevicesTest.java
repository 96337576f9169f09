package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class DevicesTest {
    @Test
    void readsNamesAndLists() {
        assertThat(Devices.parse("cpu", 0).list()).containsExactly(Device.cpu());
        assertThat(Devices.parse("gpu", 2).list()).containsExactly(Device.gpu(0));
        assertThat(Devices.parse(" GPU:1 ", 2).list()).containsExactly(Device.gpu(1));
        assertThat(Devices.parse("gpu:1,cpu", 2).list()).containsExactly(Device.gpu(1), Device.cpu());
    }

    @Test
    void choosesEveryGpuOrTheCpuWhenLeftToItself() {
        assertThat(Devices.parse("auto", 2).list()).containsExactly(Device.gpu(0), Device.gpu(1));
        assertThat(Devices.parse("auto", 0).list()).containsExactly(Device.cpu());
    }

    @Test
    void listsWhatIsAvailableWhenADeviceIsNot() {
        assertThatThrownBy(() -> Devices.parse("gpu:2", 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("device must be auto or a list of available devices (cpu, gpu:0, gpu:1), but was gpu:2");
        assertThatThrownBy(() -> Devices.parse("gpu", 0))
                .hasMessage("device must be auto or a list of available devices (cpu), but was gpu");
        assertThatThrownBy(() -> Devices.parse("tpu", 0)).hasMessageEndingWith("but was tpu");
        assertThatThrownBy(() -> Devices.parse("cpu,", 0)).hasMessageEndingWith("but was cpu,");
    }

    @Test
    void sharesDevicesRoundRobin() {
        Devices devices = Devices.parse("gpu:0,gpu:1", 2);
        assertThat(devices.first()).isEqualTo(Device.gpu(0));
        assertThat(devices.forWorker(2)).isEqualTo(Device.gpu(0));
        assertThat(devices.forWorker(3)).isEqualTo(Device.gpu(1));
    }
}
