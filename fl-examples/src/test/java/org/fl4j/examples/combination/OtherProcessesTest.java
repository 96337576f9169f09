package org.fl4j.examples.combination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.fl4j.aggregators.attack.Poison;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Codec;
import org.fl4j.examples.jvm.ChildExecutor;
import org.fl4j.examples.jvm.ChildProcesses;
import org.fl4j.execution.TaskRecord;
import org.fl4j.fixture.AskingServer;
import org.fl4j.fixture.SlicingServer;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.ClientFailedException;
import org.fl4j.simulation.ClientFailure;
import org.fl4j.simulation.FailurePolicy;
import org.fl4j.simulation.PortableProgram;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.ServerDecorator;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Slice;
import org.fl4j.testing.CohortExecutorContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients in other JVMs make the same bits as those in this one. */
class OtherProcessesTest {
    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    private static TinyRun tiny;
    private static ChildProcesses children;

    @BeforeAll
    static void start() {
        tiny = new TinyRun();
        children = new ChildProcesses(shared);
    }

    @AfterAll
    static void stop() {
        children.close();
        tiny.close();
    }

    private static PortableProgram program(Part... parts) {
        List<Part> all = List.of(parts);
        return new PortableProgram(
                "tiny:statistics=" + TinyRun.needStatistics(all),
                "tiny",
                Optional.of("tiny"),
                "tiny",
                all.stream()
                        .filter(part -> part.kind() == Part.Kind.ALGORITHM)
                        .map(Part::line)
                        .toList(),
                all.stream()
                        .filter(part -> part.kind() == Part.Kind.TRANSFORM)
                        .map(Part::line)
                        .findFirst());
    }

    private static SimulationBuilder here(Part... parts) {
        return tiny.builder(TinyRun.needStatistics(List.of(parts)), parts);
    }

    private static SimulationBuilder there(int processes, int blockSize, Part... parts) {
        return here(parts).executor(children.executor(program(parts), processes, blockSize));
    }

    /** All that a run comes to, but times. */
    private static List<Object> result(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return List.of(
                    result.stateSha256(),
                    result.history().stream()
                            .map(OtherProcessesTest::withoutTimes)
                            .toList());
        }
    }

    private static List<Object> withoutTimes(RoundReport round) {
        return List.of(
                round.cohort(),
                round.clients(),
                round.evaluations(),
                round.rejected(),
                round.failures(),
                round.metrics(),
                round.bytesDown(),
                round.bytesUp());
    }

    private static Part named(String name) {
        return Parts.columns().stream()
                .filter(part -> part.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    static List<Part> everythingWithAName() {
        StrategyRegistry registry = StrategyRegistry.load();
        return Parts.columns().stream()
                .filter(part -> part.kind() != Part.Kind.ATTACK
                        || !(registry.parse(Adversary.class, part.line()) instanceof Poison))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("everythingWithAName")
    void bitsAreThoseOfThisProcess(Part part) {
        List<Object> expected = result(here(part));
        assertThat(result(here(part).workers(3))).as("three workers").isEqualTo(expected);
        assertThat(result(there(1, 1, part))).as("one process").isEqualTo(expected);
        assertThat(result(there(2, 4, part)))
                .as("blocks of four in two processes")
                .isEqualTo(expected);
    }

    static List<Part> partsOfCodecs() {
        return List.of(Part.NOTHING, named("scaffold"), named("central-dp"), named("local-dp"), named("median"));
    }

    /** The error that clients keep, and what the server decodes, are the same too. */
    @ParameterizedTest
    @MethodSource("partsOfCodecs")
    void encodedDeltasAreThoseOfThisProcess(Part part) {
        PortableProgram plain = program(part);
        PortableProgram encoded = plain.withCodec("half-precision-with-error-feedback");
        Codec codec = StrategyRegistry.load().parse(Codec.class, "half-precision-with-error-feedback");
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
                .hasMessageContaining("codec is org.fl4j.fixture.ErrorFeedback in the run and none there");
    }

    static List<Part> partsOfFrozenModels() {
        return List.of(Part.NOTHING, named("scaffold"), named("central-dp"), named("mira"), named("fedavgm"));
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

    private static PortableProgram summing(Part part, String aggregator) {
        return program(part).withAggregator(aggregator);
    }

    static List<Part> partsOfSums() {
        return List.of(Part.NOTHING, named("ditto"), named("fedavgm"), named("norm-clipping"), named("oort"));
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

    /** Half of the clients train two of the four hidden units, there as here; sums count each coordinate. */
    @Test
    void slicesAreThoseOfThisProcess() {
        Slice half = new Slice(Map.of(
                "02Linear_weight", List.of(Slice.Axis.first(2), Slice.Axis.whole()),
                "02Linear_bias", List.of(Slice.Axis.first(2)),
                "04Linear_weight", List.of(Slice.Axis.whole(), Slice.Axis.first(2))));
        ServerDecorator slicing = SlicingServer.everyOther(half);
        List<Object> expected = result(here().server(slicing));
        assertThat(expected).isNotEqualTo(result(here()));
        assertThat(result(there(2, 4).server(slicing))).isEqualTo(expected);
        int before = ChildExecutor.summedBlocks();
        assertThat(result(here().server(slicing)
                        .blockSize(3)
                        .executor(children.executor(summing(Part.NOTHING, "fedavg"), 2, 1))))
                .isEqualTo(result(here().server(slicing).blockSize(3).workers(3)));
        assertThat(ChildExecutor.summedBlocks()).isGreaterThan(before);
    }

    private static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    /** Two rounds here and one there, and the other way round; what clients keep is in the run's files. */
    @Test
    void aRunResumesOnTheOtherExecutor() {
        Part scaffold = named("scaffold");
        Part ditto = named("ditto");
        for (Part part : List.of(scaffold, ditto)) {
            String expected = state(here(part));
            for (boolean first : List.of(true, false)) {
                UnaryOperator<SimulationBuilder> kept =
                        run -> run.checkpoints(directory.resolve(part.name() + first), 1);
                kept.apply(first ? here(part) : there(2, 1, part))
                        .rounds(2)
                        .build()
                        .run()
                        .close();
                assertThat(state(kept.apply(first ? there(2, 4, part) : here(part))
                                .resume(true)))
                        .as(part + (first ? ", begun here" : ", begun there"))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void aClientThatFailsIsAGap() {
        PortableProgram program =
                new PortableProgram("tiny", "lost:client=3", Optional.of("tiny"), "tiny", List.of(), Optional.empty());
        UnaryOperator<SimulationBuilder> failing =
                run -> run.data(new TinyStrategies.Lost(tiny.data(), 3)).failurePolicy(FailurePolicy.SKIP_CLIENT);
        String expected = state(failing.apply(here()));
        try (RunResult result = failing.apply(here())
                .executor(children.executor(program, 2, 4))
                .build()
                .run()) {
            assertThat(result.stateSha256()).isEqualTo(expected);
            assertThat(result.history())
                    .filteredOn(round -> round.cohort().contains(new ClientId(3)))
                    .isNotEmpty()
                    .allSatisfy(round -> assertThat(round.failures())
                            .containsExactly(new ClientFailure(
                                    new ClientId(3),
                                    "java.lang.IllegalStateException: examples of client 3 are lost")));
        }
        assertThatThrownBy(() -> failing.apply(here())
                        .failurePolicy(FailurePolicy.FAIL_RUN)
                        .executor(children.executor(program, 1, 1))
                        .build()
                        .run())
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining(", client 3 failed: ")
                .hasMessageContaining("examples of client 3 are lost");
    }

    /** A class that has no name runs in this process alone. */
    @Test
    void clientsThatAreNotPortableAreRefusedByName() {
        SimulationBuilder own = here().sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
            @Override
            protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
                return update;
            }
        });
        own.build().run().close();
        assertThatThrownBy(() ->
                        own.executor(children.executor(program(), 1, 1)).build().run())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("clients in another process must be made of the same parts as those of the run")
                .hasMessageContaining("sgdClients is a lambda of " + OtherProcessesTest.class.getName());
        Part poison = Parts.columns().stream()
                .filter(part -> !everythingWithAName().contains(part))
                .findFirst()
                .orElseThrow();
        assertThatThrownBy(() -> there(1, 1, poison).build().run())
                .hasMessageContaining("data is org.fl4j.aggregators.attack.PoisonedDataset");
        PortableProgram unknown = new PortableProgram(
                "tiny", "tiny", Optional.of("tiny"), "tiny", List.of("my-algorithm"), Optional.empty());
        assertThatThrownBy(() -> here().executor(children.executor(unknown, 1, 1))
                        .build()
                        .run())
                .hasMessageStartingWith("algorithm must be one of [")
                .hasMessageEndingWith("], but was my-algorithm");
    }

    @Test
    void tasksAreRecorded() {
        assertThat(records(there(2, 4, named("local-dp"))))
                .containsExactlyInAnyOrderElementsOf(records(here(named("local-dp"))));
    }

    private static List<List<Object>> records(SimulationBuilder run) {
        List<List<Object>> records = new ArrayList<>();
        run.hashUpdates(true)
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        tasks.forEach(task -> records.add(withoutTimes(task)));
                    }
                })
                .build()
                .run()
                .close();
        return records;
    }

    private static List<Object> withoutTimes(TaskRecord record) {
        return List.of(record.id(), record.outcome(), record.metrics(), record.updateSha256());
    }

    @Test
    void aCancelledRunEnds() {
        Simulation[] simulation = new Simulation[1];
        simulation[0] = there(2, 1)
                .rounds(1000)
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        if (report.round() == 2) {
                            simulation[0].cancel();
                        }
                    }
                })
                .build();
        try (RunResult result = simulation[0].run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            assertThat(result.state().round()).isEqualTo(2);
        }
        assertThat(result(there(2, 1))).as("processes are there again").isEqualTo(result(here()));
    }

    /** What every executor promises, of two processes and blocks of two. */
    @Nested
    class Contract extends CohortExecutorContract {
        @Override
        protected SimulationBuilder run() {
            return here();
        }

        @Override
        protected SimulationBuilder on(SimulationBuilder run) {
            return run.executor(children.executor(program(), 2, 2));
        }
    }
}
