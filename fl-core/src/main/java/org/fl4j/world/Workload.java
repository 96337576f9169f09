package org.fl4j.world;

/**
 * What a client has to do in a round, as far as it takes time.
 *
 * @param bytesDown the size of the model it receives
 * @param bytesUp the size of the update it sends
 * @param examples how many examples it trains on, each as often as it does
 */
public record Workload(long bytesDown, long bytesUp, long examples) {}
