package org.fl4j.privacy;

import org.fl4j.privacy.central.CentralDp;
import org.fl4j.testing.WholeAlgorithmsContract;

class WholeAlgorithmsTest extends WholeAlgorithmsContract {
    WholeAlgorithmsTest() {
        super(CentralDp.class);
    }
}
