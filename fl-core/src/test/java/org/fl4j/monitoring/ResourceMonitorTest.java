package org.fl4j.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.metrics.Metrics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ResourceMonitorTest {
    @TempDir
    Path directory;

    private static void waitFor(AtomicInteger looks, int count) throws InterruptedException {
        while (looks.get() < count) {
            Thread.sleep(1);
        }
    }

    @Test
    void tellsMeanAndMaximumOfWhatWasSeenWhileAWindowWasOpen() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        double[] cpu = {.9, .1, .2, .6, .3, .3, .3, .3, .3, .3};
        try (ResourceMonitor monitor = new ResourceMonitor(
                round -> ResourceUsage.of(cpu[Math.min(9, looks.getAndIncrement())], .5, 1000),
                Duration.ofMillis(200))) {
            ResourceMonitor.Window window = monitor.open(1); // after the first look
            waitFor(looks, 4);
            Thread.sleep(50); // until that look is counted
            Metrics used = window.close();
            assertThat(used.values().get("resource/cpu").weight()).isEqualTo(3);
            assertThat(used.value("resource/cpu")).isCloseTo(.3, within(1e-12));
            assertThat(used.value("resource/cpu max")).isEqualTo(.6);
            assertThat(used.value("resource/memory")).isEqualTo(.5);
            assertThat(used.value("resource/available bytes")).isEqualTo(1000);
            assertThat(used.find("resource/gpu")).isEmpty();
        }
    }

    @Test
    void tellsWhatItSawLastOfAWindowTooShortForALook() {
        try (ResourceMonitor monitor =
                new ResourceMonitor(round -> ResourceUsage.of(.4, .5, 1000), Duration.ofHours(1))) {
            assertThat(monitor.open(1).close().value("resource/cpu")).isEqualTo(.4);
            monitor.requireSound();
        }
    }

    @Test
    void tellsOfAProbeThatFails() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        try (ResourceMonitor monitor = new ResourceMonitor(
                round -> {
                    if (looks.getAndIncrement() == 1) {
                        throw new IllegalStateException("no such sensor");
                    }
                    return ResourceUsage.of(.4, .5, 1000);
                },
                Duration.ofMillis(5))) {
            waitFor(looks, 2);
            Thread.sleep(100);
            assertThatThrownBy(monitor::requireSound)
                    .hasMessage("the resource probe failed: java.lang.IllegalStateException: no such sensor");
        }
    }

    @Test
    void looksAtThisMachine() throws Exception {
        SystemProbe probe = new SystemProbe(directory, List.of(Device.cpu()));
        long end = System.nanoTime() + 300_000_000;
        long spins = 0;
        while (System.nanoTime() < end) {
            spins++;
        }
        ResourceUsage usage = probe.sample(1);
        assertThat(spins).isPositive();
        assertThat(usage.cpu()).isPositive(); // this thread was busy
        assertThat(usage.memory()).isBetween(.01, 1.0);
        assertThat(usage.processBytes()).isBetween(10L << 20, 64L << 30);
        assertThat(usage.availableMemoryBytes()).isPositive();
        assertThat(usage.disk()).isBetween(0.0, 1.0);
        assertThat(usage.gpuLoad()).isEmpty();
        assertThat(usage.gpuMemory()).isEmpty();
        assertThat(probe.sample(1)).isSameAs(probe.sample(1)); // too soon to look again
    }

    @Test
    void refusesSharesThatAreNone() {
        assertThatThrownBy(() -> ResourceUsage.of(1.5, 0, 0)).hasMessage("cpu must be in [0, 1], but was 1.5");
        assertThatThrownBy(() -> ResourceUsage.of(0, Double.NaN, 0))
                .hasMessage("memory must be in [0, 1], but was NaN");
        assertThatThrownBy(() -> new ResourceMonitor(round -> ResourceUsage.of(0, 0, 0), Duration.ZERO))
                .hasMessage("every must be positive, but was PT0S");
    }
}
