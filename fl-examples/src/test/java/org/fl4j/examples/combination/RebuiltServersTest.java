package org.fl4j.examples.combination;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Supplier;
import org.fl4j.simulation.RebuiltServers;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nothing is remembered but what is in the state and in the plan: a server may be thrown away after any call. */
class RebuiltServersTest {
    private static TinyRun tiny;

    @BeforeAll
    static void generate() {
        tiny = new TinyRun();
    }

    @AfterAll
    static void free() {
        tiny.close();
    }

    static List<Part> everythingWithAName() {
        return Parts.columns();
    }

    @ParameterizedTest
    @MethodSource("everythingWithAName")
    void aServerMayBeThrownAwayAfterAnyCall(Part part) {
        Supplier<SimulationBuilder> run = () -> tiny.builder(TinyRun.needStatistics(List.of(part)), part);
        assertThat(result(RebuiltServers.of(run))).isEqualTo(result(run.get().build()));
    }

    private static List<Object> result(Simulation simulation) {
        try (RunResult result = simulation.run()) {
            return List.of(
                    result.stateSha256(),
                    result.history().stream()
                            .map(round -> List.of(round.metrics(), round.clients(), round.rejected()))
                            .toList());
        }
    }
}
