package org.fl4j.execution.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/** A timer whose time passes when a test says so. */
final class ManualTimer implements TaskTimer {
    private record Call(Instant when, Runnable action) {}

    private final List<Call> calls = new ArrayList<>();
    private Instant now = Instant.EPOCH;
    private boolean closed;

    @Override
    public synchronized Instant now() {
        return now;
    }

    @Override
    public synchronized Runnable after(Duration wait, Runnable action) {
        if (closed) {
            throw new RejectedExecutionException("closed");
        }
        Call call = new Call(now.plus(wait), action);
        calls.add(call);
        notifyAll();
        return () -> callOff(call);
    }

    private synchronized void callOff(Call call) {
        calls.remove(call);
    }

    @Override
    public synchronized void close() {
        closed = true;
        calls.clear();
    }

    /** Waits until so many calls are set. */
    synchronized void awaitCalls(int count) throws InterruptedException {
        while (calls.size() < count) {
            wait();
        }
    }

    /** Lets time pass, and makes on this thread the calls that are due. For one thread at a time. */
    void pass(Duration time) {
        Instant until = now().plus(time);
        for (Optional<Call> due = next(until); due.isPresent(); due = next(until)) {
            due.get().action().run();
        }
        passed(until);
    }

    private synchronized Optional<Call> next(Instant until) {
        Optional<Call> due =
                calls.stream().filter(call -> !call.when().isAfter(until)).min(Comparator.comparing(Call::when));
        due.ifPresent(call -> {
            calls.remove(call);
            now = call.when();
        });
        return due;
    }

    private synchronized void passed(Instant until) {
        now = until;
    }
}
