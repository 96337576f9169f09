/**
 * The command-line program ({@link org.fl4j.examples.Main}) and short programs to read:
 * {@link org.fl4j.examples.QuickStart}, {@link org.fl4j.examples.CustomClient},
 * {@link org.fl4j.examples.CustomAggregator}.
 */
package org.fl4j.examples;
