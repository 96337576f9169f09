package org.fl4j.tensor;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.fl4j.internal.Check;

/**
 * Shares out the server's work among as many threads as a run has workers, at the end of a round, when no client
 * trains: blocks of coordinates of a robust rule, or parts of the test examples. A part computes without the others and
 * puts its result in a place of its own, so that results do not depend on the number of threads.
 *
 * <pre>{@code
 * double[] means = new double[rounds];
 * Parallel.forEach(rounds, features.getDevice(), (part, thread) -> {
 *     try (NDScope scope = new NDScope()) {
 *         scope.suppressNotUsedWarning();
 *         means[part] = features.get(part).mean().getFloat();
 *     }
 * });
 * }</pre>
 *
 * <p>Outside of a run, and in the work of a client, the calling thread computes all parts.
 */
public final class Parallel {
    private static final ThreadLocal<Parallel> OPEN = new ThreadLocal<>();

    private final int threads;
    private final ExecutorService helpers;

    /** Computes a part. */
    @FunctionalInterface
    public interface Part {
        /**
         * Computes one part. Opens an {@code NDScope} for the arrays that it makes: scopes belong to threads.
         *
         * @param part which, from 0
         * @param thread who computes it, from 0: two parts of one thread never run at the same time
         */
        void compute(int part, int thread);
    }

    private Parallel(int threads) {
        this.threads = threads;
        helpers = Executors.newFixedThreadPool(threads - 1, Parallel::helper); // they begin with the first parts
    }

    private static Thread helper(Runnable body) {
        Thread thread = new Thread(body, "fl4j-server");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Calls, and meanwhile shares out the parts of the calling thread.
     *
     * @param threads how many compute, the calling one among them; at least 1
     */
    public static <T> T among(int threads, Supplier<T> call) {
        if (Check.positive("threads", threads) == 1) {
            return within(null, call);
        }
        Parallel opened = new Parallel(threads);
        try {
            return within(opened, call);
        } finally {
            opened.helpers.shutdown(); // no part is at work
        }
    }

    /** Calls, and meanwhile does not share out parts: for a thread that is one of many. */
    public static <T> T alone(Supplier<T> call) {
        return within(null, call);
    }

    private static <T> T within(Parallel parallel, Supplier<T> call) {
        Parallel before = OPEN.get();
        OPEN.set(parallel);
        try {
            return call.get();
        } finally {
            OPEN.set(before);
        }
    }

    /** Returns how many threads compute parts that the calling thread shares out. */
    public static int threads() {
        Parallel open = OPEN.get();
        return open == null ? 1 : open.threads;
    }

    /**
     * Computes parts 0 to {@code count - 1}, and returns when all are done. If one fails, those that have not begun are
     * left out, and what the first failing part threw is thrown.
     *
     * @param device where parts compute: on a GPU one thread computes all, for it would wait for the others
     */
    public static void forEach(int count, Device device, Part body) {
        int threads = device.isGpu() ? 1 : Math.min(threads(), count);
        if (threads < 2) {
            for (int part = 0; part < count; part++) {
                body.compute(part, 0);
            }
            return;
        }
        Parts parts = new Parts(count, body);
        List<CompletableFuture<Void>> helping = new ArrayList<>();
        try {
            for (int i = 1; i < threads; i++) {
                int thread = i;
                helping.add(CompletableFuture.runAsync(() -> parts.help(thread), OPEN.get().helpers));
            }
            alone(() -> {
                parts.compute(0);
                return parts;
            });
        } finally {
            helping.forEach(CompletableFuture::join); // whoever has begun writes where the caller may free
        }
        parts.throwFailure();
    }

    /** Parts that threads take one after another. */
    private static final class Parts {
        private final int count;
        private final Part body;
        private final AtomicInteger next = new AtomicInteger();
        private int failed = Integer.MAX_VALUE;
        private Throwable failure; // null while there is none

        Parts(int count, Part body) {
            this.count = count;
            this.body = body;
        }

        /** Never throws. */
        void help(int thread) {
            try {
                TensorEngine.prepareThread();
                compute(thread);
            } catch (Throwable e) { // thrown again by the thread that waits
                failed(count, e);
            }
        }

        void compute(int thread) {
            for (int part = next.getAndIncrement(); part < count; part = next.getAndIncrement()) {
                try {
                    body.compute(part, thread);
                } catch (Throwable e) { // thrown again by the thread that waits
                    failed(part, e);
                    return;
                }
            }
        }

        private synchronized void failed(int part, Throwable cause) {
            next.set(count);
            if (part < failed) {
                failed = part;
                failure = cause;
            }
        }

        private synchronized void throwFailure() {
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof RuntimeException exception) {
                throw exception;
            }
            if (failure != null) { // other languages throw checked exceptions where Java does not let them
                throw new IllegalStateException("part " + failed + " failed", failure);
            }
        }
    }
}
