package org.fl4j.experiments.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.AdaptationRule.Adaptation;
import org.fl4j.monitoring.ResourceUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oshi.hardware.CentralProcessor.TickType;

class SystemProbeTest {
    private static final long MILLISECOND = 1_000_000;
    private static final long STEP = 300 * MILLISECOND; // OSHI's

    @TempDir
    Path directory;

    /**
     * A machine whose counters move on every 300 ms, by a hundred ticks, and on which time passes only while somebody
     * waits.
     */
    private static final class Machine implements ProcessorTicks {
        private final long[] ticks = new long[TickType.values().length];
        private int busyTicks;
        private long nanos;

        Machine(int busyTicks) {
            this.busyTicks = busyTicks;
        }

        @Override
        public long[] read() {
            return ticks.clone();
        }

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public void pause(long pause) {
            for (long end = nanos + pause; nanos < end; ) {
                nanos += Math.min(end - nanos, STEP - nanos % STEP);
                if (nanos % STEP == 0) {
                    ticks[TickType.USER.getIndex()] += busyTicks / 2;
                    ticks[TickType.SYSTEM.getIndex()] += busyTicks - busyTicks / 2;
                    ticks[TickType.IOWAIT.getIndex()] += (100 - busyTicks) / 2;
                    ticks[TickType.IDLE.getIndex()] += 100 - busyTicks - (100 - busyTicks) / 2;
                }
            }
        }
    }

    private SystemProbe probe(ProcessorTicks machine) {
        return new SystemProbe(directory, List.of(Device.cpu()), machine);
    }

    @Test
    void waitsWithItsFirstSampleUntilTheLoadIsMeasured() {
        Machine machine = new Machine(/* busyTicks= */ 90);
        assertThat(probe(machine).sample(1).cpu()).isEqualTo(.9);
        assertThat(machine.nanoTime()).isEqualTo(STEP);
    }

    /** Training adapts to what the first round's sample says. */
    @Test
    void doesNotCallABusyMachineIdleInTheFirstRound() {
        ResourceUsage first = probe(new Machine(/* busyTicks= */ 90)).sample(1);
        assertThat(AdaptationRule.fedscale().next(10, 10, /* largestClient= */ 100, first))
                .isEqualTo(new Adaptation(5, .5));
    }

    @Test
    void doesNotWaitIfTimeHasBeenCountedSinceItWasMade() {
        Machine machine = new Machine(/* busyTicks= */ 30);
        SystemProbe probe = probe(machine);
        machine.pause(STEP);
        assertThat(probe.sample(1).cpu()).isEqualTo(.3);
        assertThat(machine.nanoTime()).isEqualTo(STEP);
    }

    @Test
    void tellsTheLoadThatWasMeasuredLastUntilTheCountersMoveOn() {
        Machine machine = new Machine(/* busyTicks= */ 90);
        SystemProbe probe = probe(machine);
        probe.sample(1);
        machine.busyTicks = 10;
        machine.pause(100 * MILLISECOND);
        assertThat(probe.sample(1).cpu()).isEqualTo(.9);
        machine.pause(200 * MILLISECOND);
        assertThat(probe.sample(1).cpu()).isEqualTo(.1);
    }

    @Test
    void looksAtMostTwentyTimesASecond() {
        Machine machine = new Machine(/* busyTicks= */ 90);
        SystemProbe probe = probe(machine);
        ResourceUsage first = probe.sample(1);
        machine.pause(50 * MILLISECOND - 1);
        assertThat(probe.sample(1)).isSameAs(first);
        machine.pause(1);
        assertThat(probe.sample(1)).isNotSameAs(first);
    }

    @Test
    void refusesToGuessWhatIsNotCounted() {
        ProcessorTicks still = new ProcessorTicks() {
            private long nanos;

            @Override
            public long[] read() {
                return new long[TickType.values().length];
            }

            @Override
            public long nanoTime() {
                return nanos;
            }

            @Override
            public void pause(long pause) {
                nanos += pause;
            }
        };
        SystemProbe probe = probe(still);
        assertThatThrownBy(() -> probe.sample(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("counters of the processors' time must move on, but stood still for 5 s");
    }

    /** The time-out ends a test that has failed: this thread keeps a processor busy until that is seen. */
    @Test
    @Timeout(60)
    void looksAtThisMachine() {
        SystemProbe probe = new SystemProbe(directory, List.of(Device.cpu()));
        ResourceUsage usage = probe.sample(1);
        while (usage.cpu() == 0) {
            usage = probe.sample(1);
        }
        assertThat(usage.cpu()).isPositive();
        assertThat(usage.memory()).isPositive();
        assertThat(usage.processBytes()).isGreaterThan(10L << 20);
        assertThat(usage.availableMemoryBytes()).isPositive();
        assertThat(usage.disk()).isBetween(0.0, 1.0);
        assertThat(usage.gpuLoad()).isEmpty();
        assertThat(usage.gpuMemory()).isEmpty();
    }
}
