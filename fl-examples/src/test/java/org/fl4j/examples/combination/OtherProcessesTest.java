package org.fl4j.examples.combination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.fl4j.core.Codec;
import org.fl4j.examples.jvm.ChildExecutor;
import org.fl4j.fixture.AskingServer;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.FailurePolicy;
import org.fl4j.simulation.PortableProgram;
import org.fl4j.simulation.ServerDecorator;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients in other JVMs make the same bits as those in this one. */
class OtherProcessesTest extends OtherProcessesSetup {
    private static final String CODEC = "random-k:fraction=.3,scale=none,errorFeedback=true";

    @ParameterizedTest
    @MethodSource("everythingWithAName")
    void bitsAreThoseOfThisProcess(Part part) {
        List<Object> expected = result(here(part));
        assertThat(result(here(part).workers(3))).as("three workers").isEqualTo(expected);
        assertThat(result(there(1, 1, part))).as("one process, " + part).isEqualTo(expected);
        assertThat(result(there(2, 4, part)))
                .as("blocks of four in two processes")
                .isEqualTo(expected);
    }

    /** Coins of messages, the error that clients keep, and what the server decodes, are the same too. */
    @ParameterizedTest
    @MethodSource("partsOfCodecs")
    void encodedDeltasAreThoseOfThisProcess(Part part) {
        PortableProgram plain = program(part);
        PortableProgram encoded = plain.withCodec(CODEC);
        Codec codec = StrategyRegistry.load().parse(Codec.class, CODEC);
        List<Object> expected = result(here(part).codec(codec));
        assertThat(expected).as("the codec counts").isNotEqualTo(result(here(part)));
        assertThat(result(here(part).codec(codec).workers(3)))
                .as("three workers")
                .isEqualTo(expected);
        assertThat(result(here(part).codec(codec).executor(children.executor(encoded, 2, 4))))
                .as("blocks of four in two processes")
                .isEqualTo(expected);
        assertThatThrownBy(() -> here(part)
                        .codec(codec)
                        .executor(children.executor(plain, 1, 1))
                        .build()
                        .run())
                .hasMessageContaining("codec is org.fl4j.compression.ErrorFeedback in the run and none there");
    }

    /** Frozen parameters are in no message: the other process draws them as this one does. */
    @ParameterizedTest
    @MethodSource("partsOfFrozenModels")
    void frozenModelsAreThoseOfThisProcess(Part part) {
        PortableProgram plain = program(part);
        PortableProgram frozen = plain.withTask("tiny-frozen");
        List<Object> expected = result(here(part).task(TinyRun.FROZEN));
        assertThat(result(here(part).task(TinyRun.FROZEN).workers(3)))
                .as("three workers")
                .isEqualTo(expected);
        assertThat(result(here(part).task(TinyRun.FROZEN).executor(children.executor(frozen, 2, 4))))
                .as("blocks of four in two processes")
                .isEqualTo(expected);
    }

    @Test
    void answersToQueriesAreThoseOfThisProcess() {
        ServerDecorator asking = AskingServer.decorator("class-counts", "class-counts");
        List<Object> expected = result(here().server(asking));
        assertThat(expected).isNotEqualTo(result(here()));
        assertThat(result(here().server(asking).workers(3))).as("three workers").isEqualTo(expected);
        assertThat(result(there(2, 4).server(asking)))
                .as("blocks of four in two processes")
                .isEqualTo(expected);
    }

    /** One sum for each block of three travels in place of three updates, and the bits are those of blocks here. */
    @ParameterizedTest
    @MethodSource("partsOfSums")
    void sumsOfBlocksAreThoseOfThisProcess(Part part) {
        List<Object> expected = result(here(part).blockSize(3));
        assertThat(expected).as("the size of blocks counts").isNotEqualTo(result(here(part)));
        assertThat(result(here(part).blockSize(3).workers(3)))
                .as("three workers")
                .isEqualTo(expected);
        assertThat(result(there(2, 4, part).blockSize(3)))
                .as("updates one by one")
                .isEqualTo(expected);
        int before = ChildExecutor.summedBlocks();
        assertThat(result(here(part).blockSize(3).executor(children.executor(summing(part, "fedavg"), 2, 1))))
                .as("sums")
                .isEqualTo(expected);
        assertThat(ChildExecutor.summedBlocks()).isGreaterThanOrEqualTo(before + TinyRun.ROUNDS * 3);
    }

    /** Updates with false claims, and updates that are not finite, are left out of sums as they are here. */
    @Test
    void whatIsRejectedIsInNoSum() {
        PortableProgram broken = new PortableProgram(
                        "tiny", "broken", Optional.of("tiny"), "tiny", List.of(), Optional.empty())
                .withAggregator("fedavg");
        for (String selector : List.of("oort", "power-of-choice")) {
            UnaryOperator<SimulationBuilder> breaking =
                    run -> run.data(new TinyStrategies.Broken(tiny.data())).blockSize(3);
            List<Object> expected = result(breaking.apply(here(named(selector))));
            assertThat(expected.toString()).contains("FALSE_CLAIM", "NOT_FINITE");
            int before = ChildExecutor.summedBlocks();
            assertThat(result(breaking.apply(here(named(selector))).executor(children.executor(broken, 2, 1))))
                    .as(selector)
                    .isEqualTo(expected);
            assertThat(ChildExecutor.summedBlocks()).isGreaterThan(before);
        }
    }

    /** A rule that sees each update, and rules that nobody else knows, fold here, in the same blocks. */
    @Test
    void rulesThatDoNotSumSeeEachUpdate() {
        for (String name : List.of("scaffold", "central-dp", "median", "fednova")) {
            Part part = named(name);
            List<Object> expected = result(here(part).blockSize(4));
            int before = ChildExecutor.summedBlocks();
            assertThat(result(here(part).blockSize(4).executor(children.executor(summing(part, "fedavg"), 2, 3))))
                    .as(name)
                    .isEqualTo(expected);
            assertThat(ChildExecutor.summedBlocks()).isEqualTo(before);
        }
    }

    @Test
    void anotherRuleThereIsRefused() {
        assertThatThrownBy(() -> here().blockSize(3)
                        .executor(children.executor(summing(Part.NOTHING, "fedavg:weighting=uniform"), 1, 1))
                        .build()
                        .run())
                .hasStackTraceContaining("aggregator of a program must be that of the run, {part=")
                .hasStackTraceContaining("UNIFORM");
    }

    @Test
    void aClientThatFailsIsAGapInTheSums() {
        PortableProgram program = new PortableProgram(
                        "tiny", "lost:client=3", Optional.of("tiny"), "tiny", List.of(), Optional.empty())
                .withAggregator("fedavg");
        UnaryOperator<SimulationBuilder> failing = run -> run.data(new TinyStrategies.Lost(tiny.data(), 3))
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .blockSize(3);
        assertThat(result(failing.apply(here()).executor(children.executor(program, 2, 1))))
                .isEqualTo(result(failing.apply(here())));
    }
}
