package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.Availability;
import org.fl4j.world.LogNormalDevices;
import org.fl4j.world.World;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Selectors that learn, in whole runs with drop-outs: the same bits and cohorts on any number of workers and after a
 * resume.
 */
class LearningSelectorsRunTest {
    private static final World WORLD =
            new World(new LogNormalDevices(new Seed(2)).durations(), Availability.always(), .2);

    @TempDir
    Path directory;

    private static SimulationBuilder run(Dataset digits, String selector, boolean asynchronous) {
        Algorithm clock = asynchronous ? new Asynchronous(4, 2, 10, WORLD.durations()) : new SynchronousTime(WORLD, 3);
        return SmallRuns.softmax(digits, 30)
                .selector(StrategyRegistry.load().parse(ClientSelector.class, selector))
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .cohortSize(5)
                .algorithm(clock)
                .rounds(12)
                .seed(3);
    }

    @ParameterizedTest
    @CsvSource({
        "oort, false",
        "oort:preset=fedscale, true",
        "oort:mostTurns=2, false",
        "ucb, true",
        "power-of-choice, false",
        "optimal, true",
        "round-robin, false"
    })
    void areReproducible(String selector, boolean asynchronous) {
        try (Dataset digits = Digits.generate(300, 20, new Seed(1));
                RunResult one =
                        run(digits, selector, asynchronous).workers(1).build().run();
                RunResult three =
                        run(digits, selector, asynchronous).workers(3).build().run()) {
            assertThat(three.stateSha256()).isEqualTo(one.stateSha256());
            run(digits, selector, asynchronous)
                    .rounds(5)
                    .checkpoints(directory, 1)
                    .build()
                    .run()
                    .close();
            try (RunResult resumed = run(digits, selector, asynchronous)
                    .checkpoints(directory, 1)
                    .resume(true)
                    .build()
                    .run()) {
                assertThat(resumed.stateSha256()).isEqualTo(one.stateSha256());
                assertThat(resumed.history().stream().map(RoundReport::cohort))
                        .containsExactlyElementsOf(
                                one.history().stream().map(RoundReport::cohort).toList());
            }
        }
    }
}
