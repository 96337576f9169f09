/**
 * Runs tasks of clients on a bounded pool of threads, and says where the time went.
 *
 * <pre>{@code
 * List<TaskRecord> records = Collections.synchronizedList(new ArrayList<>());
 * try (TaskExecutor executor = new TaskExecutor(4, () -> {}, ExecutionPolicy.once(), records::add)) {
 *     Task<String> task = executor.submit(new TaskId(1, new ClientId(7), "train"), 0, notes -> "done", late -> {});
 *     task.get();
 * }
 * System.out.println(BottleneckReport.of(records, 4, 10));
 * }</pre>
 *
 * <p>Read {@link org.fl4j.execution.TaskExecutor} first; a simulation is told what to do by an {@link
 * org.fl4j.execution.ExecutionPolicy}.
 */
package org.fl4j.execution;
