package org.fl4j.simulation;

import org.fl4j.testing.WholeAlgorithmsContract;

class WholeAlgorithmsTest extends WholeAlgorithmsContract {
    WholeAlgorithmsTest() {
        super(SynchronousTime.class);
    }
}
