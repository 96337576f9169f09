package org.fl4j.simulation;

import java.nio.file.Path;

/**
 * Makes a listener that writes below a run's own directory. It has a name, so that experiments can be declared with it.
 */
@FunctionalInterface
public interface ListenerFactory {
    /**
     * Returns the listener.
     *
     * @param directory of this listener alone, in that of the run; it need not be there yet
     */
    RunListener in(Path directory);
}
