package org.fl4j.simulation;

import org.fl4j.core.Server;

/** Puts a server of one's own in place of the composed one, or around it. */
@FunctionalInterface
public interface ServerDecorator {
    /**
     * Returns the server of a run.
     *
     * @param server made of the run's selector, aggregator and server optimizer, or what a decorator of a lower layer,
     *     or an earlier one of the same layer, made of it
     * @param run what else the run is made of
     */
    Server decorate(Server server, DecoratorContext run);

    /**
     * Returns whether the server asks clients something beside training and evaluation, see {@link Server#query}. Runs
     * whose answers would leave clients without protection ask before the first round. By default not.
     */
    default boolean asks() {
        return false;
    }
}
