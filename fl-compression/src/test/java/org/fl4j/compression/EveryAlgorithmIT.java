package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.Replays;
import org.fl4j.fixture.Reproducible;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same bits on any number of workers and after a resume, a replay that sends the same, and nothing left behind. */
@Isolated("counts the native arrays of the whole process")
class EveryAlgorithmIT {
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(240, 100, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run(String algorithm) {
        return SmallRuns.softmax(digits, 8)
                .testData(digits.test())
                .algorithm(StrategyRegistry.load().parse(Algorithm.class, algorithm))
                .selector(SmallRuns.FIRST)
                .cohortSize(6)
                .rounds(4)
                .seed(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"signsgd", "signsgd:momentum=.9", "ef21", "ef21:valueBits=1,scope=array", "fetchsgd"})
    void isReproducibleAndLeavesNothingBehind(String algorithm) {
        Reproducible.holds(
                () -> run(algorithm),
                directory,
                one -> assertThat(one.history()).allSatisfy(round -> {
                    assertThat(round.clients()).hasSize(6);
                    assertThat(round.bytesUp()).isLessThan(round.bytesDown() / 3);
                }));
        Replays.lastUpdateIsTheSameAgain(() -> run(algorithm).rounds(3));
    }
}
