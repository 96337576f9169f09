/**
 * The vocabulary of FL4J: know these types and you know the library. Read {@link org.fl4j.core.Server} first; then the
 * two messages, {@link org.fl4j.message.TrainingTask} down and {@link org.fl4j.message.ModelUpdate} up; then the
 * strategies, {@link org.fl4j.core.Aggregator}, {@link org.fl4j.core.ServerOptimizer},
 * {@link org.fl4j.core.ClientSelector} and {@link org.fl4j.core.UpdateTransform}, each one small interface.
 *
 * <p>In one sentence: a run folds a pure server function over an immutable {@link org.fl4j.message.ServerState}.
 * A <em>delta</em> is local minus global everywhere, and the server adds it.
 */
package org.fl4j.core;
