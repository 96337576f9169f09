package org.fl4j.execution.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;

/** What {@link TaskExecutorTest} and {@link TaskExecutorEndsTest} share. */
abstract class TaskExecutorSetup {
    final List<TaskRecord> records = Collections.synchronizedList(new ArrayList<>());

    ManualTimer timer;

    TaskExecutor executor(int threads, ExecutionPolicy policy) {
        timer = new ManualTimer();
        return new TaskExecutor(threads, () -> {}, policy, records::add, timer);
    }

    /** Ends with the interrupt of a time-out, or of an executor that closes. */
    static String untilInterrupted(TaskNotes notes) throws InterruptedException {
        new CountDownLatch(1).await();
        return "never";
    }

    static TaskId id(int client) {
        return new TaskId(1, new ClientId(client), "train");
    }

    List<Integer> order() {
        return records.stream().map(record -> record.id().client().index()).toList();
    }
}
