/** Measured values that merge exactly, because each is kept as a sum and a weight: {@link org.fl4j.metrics.Metrics}. */
package org.fl4j.metrics;
