/**
 * How tasks of clients are run on a pool of threads, and where the time went. A simulation is told what to do by an
 * {@link org.fl4j.execution.ExecutionPolicy}; {@link org.fl4j.execution.BottleneckReport} says what became of it.
 */
package org.fl4j.execution;
