package org.fl4j.simulation;

import java.nio.file.Path;

/** An algorithm that writes files beside its run, once it is told where; until then it writes none. */
public interface WritingAlgorithm extends Algorithm {
    /**
     * Returns the same algorithm, which writes into a directory of the run's own.
     *
     * @param directory exists
     */
    Algorithm in(Path directory);
}
