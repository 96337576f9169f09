package org.fl4j.monitoring;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;

/**
 * Looks at a machine again and again on a thread of its own, and says what was in use while something was done. What it
 * costs depends on how often it looks, not on how much is done.
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
    private final Runnable stop;
    private volatile int round = 1;
    private volatile ResourceUsage latest;
    private volatile Optional<Throwable> failure = Optional.empty(); // ends the looks

    /** Says when to look: by a clock, or, in tests, by hand. */
    @FunctionalInterface
    interface Ticker {
        /** Begins to call {@code look}, never twice at once; what it returns ends that. */
        Runnable start(Runnable look);
    }

    /**
     * Begins to look.
     *
     * @param probe at what
     * @param every how often, positive
     */
    public ResourceMonitor(ResourceProbe probe, Duration every) {
        this(probe, byClock(every));
    }

    /** Looks once, and then whenever the ticker says so. */
    ResourceMonitor(ResourceProbe probe, Ticker ticker) {
        this.probe = Check.present("probe", probe);
        latest = probe.sample(round);
        stop = ticker.start(this::look);
    }

    private static Ticker byClock(Duration every) {
        Check.that(!every.isNegative() && !every.isZero(), "every", "positive", every);
        return look -> new Metronome(every, look)::stop;
    }

    private void look() {
        if (failure.isPresent()) {
            return;
        }
        try {
            ResourceUsage usage = probe.sample(round);
            latest = usage;
            open.forEach(window -> window.add(usage));
        } catch (RuntimeException | Error e) {
            failure = Optional.of(e);
        }
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
        failure.ifPresent(cause -> {
            throw new IllegalStateException("the resource probe failed: " + cause, cause);
        });
    }

    @Override
    public void close() {
        stop.run();
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

        /**
         * Ends, and returns mean and maximum of each resource; of one that was too short for a look, what was seen
         * last.
         */
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
