package org.fl4j.simulation;

import java.nio.file.Path;

/** An algorithm that writes files beside its run, once it is told where; until then it writes none. */
public interface WritingAlgorithm extends Algorithm {
    /**
     * Returns the same algorithm, which writes into a directory of the run's own.
     *
     * @param directory of this algorithm alone, in that of the run; it need not be there yet
     */
    Algorithm in(Path directory);
}
