package org.fl4j.selection;

import java.util.Map;
import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {
    @Override
    protected Map<String, String> exceptions() {
        return Map.of(
                "org.fl4j.selection.OortTestingSelector", "chooses as many as a deviation needs: OortTestingTest");
    }
}
