package org.fl4j.simulation;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;

/**
 * Runs something in a thread group of its own, which the threads that it starts belong to. So they can be distinguished
 * from the threads of tests that run beside it.
 */
final class OwnThreads {
    private static final int ROOM = 100; // for threads that start between the count and the look

    private final ThreadGroup group = new ThreadGroup("own threads");

    /** Calls it on a new thread of the group, and waits until that thread has ended. */
    <T> T call(Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(body);
        Thread thread = new Thread(group, task, "caller");
        thread.start();
        thread.join();
        return task.get();
    }

    /** Returns the names of FL4J's threads in the group that are alive. */
    Set<String> alive() {
        Thread[] threads = new Thread[group.activeCount() + ROOM];
        int count = group.enumerate(threads);
        return Arrays.stream(threads, 0, count)
                .map(Thread::getName)
                .filter(name -> name.startsWith("fl4j"))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
