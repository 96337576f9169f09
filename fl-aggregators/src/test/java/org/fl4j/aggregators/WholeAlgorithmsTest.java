package org.fl4j.aggregators;

import org.fl4j.testing.WholeAlgorithmsContract;

class WholeAlgorithmsTest extends WholeAlgorithmsContract {
    WholeAlgorithmsTest() {
        super(Scaffold.class);
    }
}
