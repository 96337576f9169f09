package org.fl4j.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.metrics.Metrics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ResourceMonitorTest {
    /** Ticks when the test says so, on the test's thread. */
    private static final class Hand implements ResourceMonitor.Ticker {
        private final List<Runnable> looks = new ArrayList<>();

        @Override
        public Runnable start(Runnable look) {
            looks.add(look);
            return looks::clear;
        }

        void tick(int times) {
            for (int i = 0; i < times; i++) {
                looks.forEach(Runnable::run);
            }
        }
    }

    private final Hand hand = new Hand();

    @Test
    void tellsMeanAndMaximumOfWhatWasSeenWhileAWindowWasOpen() {
        AtomicInteger looks = new AtomicInteger();
        double[] cpu = {.9, .8, .1, .2, .6, .7};
        try (ResourceMonitor monitor =
                new ResourceMonitor(round -> ResourceUsage.of(cpu[looks.getAndIncrement()], .5, 1000), hand)) {
            hand.tick(1);
            ResourceMonitor.Window window = monitor.open(1); // after the first two looks
            hand.tick(3);
            Metrics used = window.close();
            hand.tick(1); // nobody counts it any more
            assertThat(used.values().get("resource/cpu").weight()).isEqualTo(3);
            assertThat(used.value("resource/cpu")).isCloseTo(.3, within(1e-12));
            assertThat(used.value("resource/cpu max")).isEqualTo(.6);
            assertThat(used.value("resource/memory")).isEqualTo(.5);
            assertThat(used.value("resource/available bytes")).isEqualTo(1000);
            assertThat(used.find("resource/gpu")).isEmpty();
        }
        hand.tick(1);
        assertThat(looks).as("looks, none after the end").hasValue(6);
    }

    @Test
    void tellsWhatItSawLastOfAWindowTooShortForALook() {
        AtomicInteger looks = new AtomicInteger();
        try (ResourceMonitor monitor =
                new ResourceMonitor(round -> ResourceUsage.of(looks.getAndIncrement() / 10.0, .5, 1000), hand)) {
            hand.tick(4);
            assertThat(monitor.open(1).close().value("resource/cpu")).isEqualTo(.4);
            monitor.requireSound();
        }
    }

    @Test
    void tellsTheProbeWhichRoundRuns() {
        List<Integer> rounds = new ArrayList<>();
        try (ResourceMonitor monitor = new ResourceMonitor(
                round -> {
                    rounds.add(round);
                    return ResourceUsage.of(.4, .5, 1000);
                },
                hand)) {
            monitor.open(7).close();
            hand.tick(1);
        }
        assertThat(rounds).containsExactly(1, 7);
    }

    @Test
    void tellsOfAProbeThatFailsAndDoesNotLookAgain() {
        AtomicInteger looks = new AtomicInteger();
        try (ResourceMonitor monitor = new ResourceMonitor(
                round -> {
                    if (looks.getAndIncrement() == 1) {
                        throw new IllegalStateException("no such sensor");
                    }
                    return ResourceUsage.of(.4, .5, 1000);
                },
                hand)) {
            monitor.requireSound();
            hand.tick(3);
            assertThatThrownBy(monitor::requireSound)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the resource probe failed: java.lang.IllegalStateException: no such sensor");
            assertThat(looks).hasValue(2);
        }
    }

    /** The time-out ends a test that has failed; nothing is measured by it. */
    @Test
    @Timeout(60)
    void looksAgainAndAgainByTheClock() throws InterruptedException {
        CountDownLatch looks = new CountDownLatch(5);
        try (ResourceMonitor monitor = new ResourceMonitor(
                round -> {
                    looks.countDown();
                    return ResourceUsage.of(.4, .5, 1000);
                },
                Duration.ofMillis(1))) {
            looks.await();
            monitor.requireSound();
        }
    }

    /** A probe that waits for something must not keep a run from ending. */
    @Test
    @Timeout(60)
    void interruptsALookWhenItIsClosed() throws InterruptedException {
        AtomicInteger looks = new AtomicInteger();
        CountDownLatch waits = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        ResourceProbe hanging = round -> {
            if (looks.getAndIncrement() > 0) {
                waits.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
            }
            return ResourceUsage.of(.4, .5, 1000);
        };
        try (ResourceMonitor monitor = new ResourceMonitor(hanging, Duration.ofMillis(1))) {
            waits.await();
            monitor.requireSound();
        }
        assertThat(interrupted.getCount()).isZero(); // and it has ended, for closing waits for it
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
