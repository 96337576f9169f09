package org.fl4j.examples.combination;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.aggregators.attack.Poison;
import org.fl4j.examples.jvm.ChildProcesses;
import org.fl4j.execution.TaskRecord;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.PortableProgram;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What {@link OtherProcessesTest} and {@link OtherProcessesFaultsTest} share. */
@ResourceLock("child processes of OtherProcessesSetup") // the classes share them, one after another
abstract class OtherProcessesSetup {
    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    static TinyRun tiny;

    static ChildProcesses children;

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

    static PortableProgram program(Part... parts) {
        List<Part> all = List.of(parts);
        PortableProgram program = new PortableProgram(
                "tiny:statistics=" + TinyRun.needStatistics(all),
                "tiny",
                Optional.of("tiny"),
                "tiny",
                lines(Part.Kind.ALGORITHM, all),
                lines(Part.Kind.TRANSFORM, all).stream().findFirst());
        return lines(Part.Kind.CODEC, all).stream()
                .findFirst()
                .map(program::withCodec)
                .orElse(program);
    }

    private static List<String> lines(Part.Kind kind, List<Part> parts) {
        return parts.stream()
                .filter(part -> part.kind() == kind)
                .map(Part::line)
                .toList();
    }

    static SimulationBuilder here(Part... parts) {
        return tiny.builder(TinyRun.needStatistics(List.of(parts)), parts);
    }

    static SimulationBuilder there(int processes, int blockSize, Part... parts) {
        return here(parts).executor(children.executor(program(parts), processes, blockSize));
    }

    /** All that a run comes to, but times. */
    static List<Object> result(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return List.of(
                    result.stateSha256(),
                    result.history().stream()
                            .map(OtherProcessesTest::withoutTimes)
                            .toList());
        }
    }

    static List<Object> withoutTimes(RoundReport round) {
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

    static Part named(String name) {
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

    static List<Part> partsOfCodecs() {
        return List.of(Part.NOTHING, named("scaffold"), named("central-dp"), named("local-dp"), named("median"));
    }

    static List<Part> partsOfFrozenModels() {
        return List.of(Part.NOTHING, named("scaffold"), named("central-dp"), named("mira"), named("fedavgm"));
    }

    static PortableProgram summing(Part part, String aggregator) {
        return program(part).withAggregator(aggregator);
    }

    static List<Part> partsOfSums() {
        return List.of(Part.NOTHING, named("ditto"), named("fedavgm"), named("norm-clipping"), named("oort"));
    }

    static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    static List<List<Object>> records(SimulationBuilder run) {
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

    static List<Object> withoutTimes(TaskRecord record) {
        return List.of(record.id(), record.outcome(), record.metrics(), record.updateSha256());
    }
}
