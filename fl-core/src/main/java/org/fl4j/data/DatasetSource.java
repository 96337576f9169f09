package org.fl4j.data;

/**
 * Loads a data set. It has a name, so that experiments can be declared with your own data: see {@link
 * org.fl4j.registry.StrategyProvider}.
 */
@FunctionalInterface
public interface DatasetSource {
    /**
     * Returns the data set, which the caller closes.
     *
     * @throws DatasetException if the data cannot be read
     */
    Dataset load();
}
