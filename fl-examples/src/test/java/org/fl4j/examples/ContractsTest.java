package org.fl4j.examples;

import static java.util.Map.entry;

import java.util.Map;
import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {
    @Override
    protected Map<String, String> exceptions() {
        return Map.ofEntries(
                entry("org.fl4j.examples.CustomAlgorithm$Directed", "an example: SnippetsTest runs it"),
                entry("org.fl4j.examples.CustomAlgorithm$DirectedClient", "an example: SnippetsTest runs it"),
                entry("org.fl4j.examples.CustomClient", "an example: SnippetsTest compiles it"),
                entry("org.fl4j.examples.PrototypeLearning$PrototypeClient", "an example: ProgramsTest runs it"),
                entry("org.fl4j.examples.PrototypeLearning$Prototypes", "an example: ProgramsTest runs it"),
                entry("org.fl4j.examples.benchmark.BenchmarkCommand$2", "the benchmark's client with a hook"),
                entry("org.fl4j.examples.benchmark.BenchmarkCommand$3", "the benchmark's client with a term"),
                entry("org.fl4j.examples.benchmark.BenchmarkCommand$4", "the benchmark's client on the eager path"),
                entry("org.fl4j.examples.benchmark.NullClient", "trains nothing: NullClientTest"));
    }
}
