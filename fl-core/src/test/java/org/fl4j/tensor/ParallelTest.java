package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void eachPartIsComputedOnce(int threads) {
        AtomicIntegerArray computed = new AtomicIntegerArray(100);
        Parallel.among(threads, () -> {
            Parallel.forEach(100, Device.cpu(), (part, thread) -> computed.incrementAndGet(part));
            return computed;
        });
        for (int part = 0; part < 100; part++) {
            assertThat(computed.get(part)).as("part %d", part).isOne();
        }
    }

    @Test
    void threadsComputeAtTheSameTime() throws InterruptedException {
        CountDownLatch both = new CountDownLatch(2); // each part waits for the other
        Set<Integer> threads = ConcurrentHashMap.newKeySet();
        Parallel.among(2, () -> {
            Parallel.forEach(2, Device.cpu(), (part, thread) -> {
                threads.add(thread);
                both.countDown();
                await(both);
            });
            return both;
        });
        assertThat(threads).containsExactlyInAnyOrder(0, 1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void oneThreadComputesOnAGpuAndAlone() {
        Parallel.among(3, () -> {
            assertThat(Parallel.threads()).isEqualTo(3);
            Parallel.forEach(
                    20, Device.gpu(0), (part, thread) -> assertThat(thread).isZero());
            return Parallel.alone(() -> {
                assertThat(Parallel.threads()).isOne();
                return 0;
            });
        });
        assertThat(Parallel.threads()).isOne();
    }

    @Test
    void partsOfPartsAreComputedByTheirThread() {
        AtomicIntegerArray computed = new AtomicIntegerArray(4);
        Parallel.among(2, () -> {
            Parallel.forEach(2, Device.cpu(), (part, thread) -> {
                assertThat(Parallel.threads()).isOne();
                Parallel.forEach(2, Device.cpu(), (inner, same) -> computed.incrementAndGet(2 * part + inner));
            });
            return computed;
        });
        assertThat(computed.toString()).isEqualTo("[1, 1, 1, 1]");
    }

    @Test
    void firstFailureIsThrownOnceAllHaveEnded() {
        CountDownLatch both = new CountDownLatch(2);
        assertThatThrownBy(() -> Parallel.among(2, () -> {
                    Parallel.forEach(50, Device.cpu(), (part, thread) -> {
                        if (part < 2) {
                            both.countDown();
                            await(both);
                        }
                        throw new IllegalStateException("part " + part);
                    });
                    return both;
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("part 0");
    }

    @Test
    void errorsAndWrongCountsAreThrown() {
        assertThatThrownBy(() -> Parallel.among(2, () -> {
                    Parallel.forEach(2, Device.cpu(), (part, thread) -> {
                        throw new StackOverflowError("of part " + part);
                    });
                    return 0;
                }))
                .isInstanceOf(StackOverflowError.class);
        assertThatThrownBy(() -> Parallel.among(0, () -> 0)).hasMessage("threads must be at least 1, but was 0");
    }

    /** As code of other languages may throw. */
    @Test
    void checkedExceptionsAreNotLost() {
        CountDownLatch both = new CountDownLatch(2);
        assertThatThrownBy(() -> Parallel.among(2, () -> {
                    Parallel.forEach(2, Device.cpu(), (part, thread) -> {
                        both.countDown();
                        await(both);
                        ParallelTest.<RuntimeException>sneak(new IOException("of part " + part));
                    });
                    return both;
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("part 0 failed")
                .hasRootCauseMessage("of part 0");
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable failure) throws E {
        throw (E) failure;
    }
}
