/** The pool of threads that runs tasks. Read {@link org.fl4j.execution.internal.TaskExecutor} first. */
package org.fl4j.execution.internal;
