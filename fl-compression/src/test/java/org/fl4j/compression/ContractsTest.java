package org.fl4j.compression;

import static java.util.Map.entry;

import java.util.Map;
import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {
    @Override
    protected Map<String, String> exceptions() {
        return Map.ofEntries(
                entry("org.fl4j.compression.SignSgd$Majority", "moves by signs, so it is no mean: SignSgdTest"),
                entry(
                        "org.fl4j.compression.SignSgd$MomentumClient",
                        "its delta follows from what it kept: SignSgdTest"),
                entry("org.fl4j.compression.Ef21$MeanEstimate", "moves by an estimate that it keeps: Ef21Test"),
                entry("org.fl4j.compression.FetchSgd$Sketches", "reads sketches: FetchSgdTest"),
                entry(
                        "org.fl4j.compression.FetchSgd$SketchingClient",
                        "sends a sketch in place of a delta: FetchSgdTest"));
    }
}
