package org.fl4j.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.tensor.Devices;
import org.junit.jupiter.api.Test;

class DeviceCheckTest {
    private static boolean sound(double tolerance, List<String> lines) {
        Devices twice = new Devices(List.of(Devices.cpu().first(), Devices.cpu().first()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean sound =
                new DeviceCheck(twice, 2, 2, 5, tolerance).print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        bytes.toString(StandardCharsets.UTF_8).lines().forEach(lines::add);
        return sound;
    }

    /** Two devices that are both the CPU take the way that two GPUs would. */
    @Test
    void comparesEachCaseWithTheCpu() {
        List<String> lines = new ArrayList<>();
        assertThat(sound(1e-6, lines)).isTrue();
        assertThat(lines).last().isEqualTo("All agree within 1.0E-6.");
        assertThat(lines)
                .filteredOn(line -> line.endsWith("| 0.0e+00 | yes | unknown | unknown |"))
                .hasSize(8);
    }

    @Test
    void saysWhatIsTooFar() {
        List<String> lines = new ArrayList<>();
        assertThat(sound(-1, lines)).isFalse();
        assertThat(lines).last().isEqualTo("Some do NOT agree.");
        assertThat(lines).filteredOn(line -> line.contains("TOO FAR")).hasSize(8);
    }
}
