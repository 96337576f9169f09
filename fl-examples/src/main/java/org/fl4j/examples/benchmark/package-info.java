/** Whole-run benchmarks ({@link org.fl4j.examples.benchmark.BenchmarkCommand}) and JMH kernels. */
package org.fl4j.examples.benchmark;
