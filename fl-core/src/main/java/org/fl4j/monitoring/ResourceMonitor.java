package org.fl4j.monitoring;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;

/**
 * Looks at a machine again and again on a thread of its own, and says what was in use while something was done. What it costs depends
 * on how often it looks, not on how much is done.
 *
 * <pre>{@code
 * try (ResourceMonitor monitor = new ResourceMonitor(probe, Duration.ofMillis(500))) {
 *     ResourceMonitor.Window window = monitor.open(1);
 *     train();
 *     Metrics used = window.close(); // resource/cpu, resource/cpu max, ...
 * }
 * }</pre>
 */
public final class ResourceMonitor implements AutoCloseable {
    private final ResourceProbe probe;
    private final Set<Window> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService clock;
    private final ScheduledFuture<?> looks; // ends when the probe fails
    private volatile int round = 1;
    private volatile ResourceUsage latest;

    /**
     * Begins to look.
     *
     * @param probe at what
     * @param every how often, positive
     */
    public ResourceMonitor(ResourceProbe probe, Duration every) {
        this.probe = Check.present("probe", probe);
        Check.that(!every.isNegative() && !every.isZero(), "every", "positive", every);
        latest = probe.sample(round);
        clock = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "fl4j-monitor");
            thread.setDaemon(true);
            return thread;
        });
        looks = clock.scheduleAtFixedRate(this::look, every.toNanos(), every.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void look() {
        ResourceUsage usage = probe.sample(round);
        latest = usage;
        open.forEach(window -> window.add(usage));
    }

    /**
     * Begins to count what is in use.
     *
     * @param ofRound the round that runs
     */
    public Window open(int ofRound) {
        round = ofRound;
        Window window = new Window();
        open.add(window);
        return window;
    }

    /**
     * Does nothing as long as all goes well.
     *
     * @throws IllegalStateException if the probe failed
     */
    public void requireSound() {
        if (looks.isDone()) {
            try {
                looks.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("the resource probe failed: " + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        try {
            clock.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is in use from now on. */
    public final class Window {
        private final Map<String, Double> sums = new TreeMap<>();
        private final Map<String, Double> most = new TreeMap<>();
        private int count;

        private Window() {}

        private synchronized void add(ResourceUsage usage) {
            count++;
            usage.byName().forEach((name, value) -> {
                sums.merge(name, value, Double::sum);
                most.merge(name, value, Math::max);
            });
        }

        /** Ends, and returns mean and maximum of each resource; of one that was too short for a look, what was seen last. */
        public synchronized Metrics close() {
            open.remove(this);
            if (count == 0) {
                add(latest);
            }
            Map<String, Metric> metrics = new TreeMap<>();
            sums.forEach((name, sum) -> metrics.put(name, new Metric(sum, count)));
            most.forEach((name, value) -> metrics.put(name + " max", new Metric(value, 1)));
            return new Metrics(metrics);
        }
    }
}
