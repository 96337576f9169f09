package org.fl4j.examples.combination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.fl4j.client.SgdClient;
import org.fl4j.examples.jvm.ChildExecutor;
import org.fl4j.fixture.SlicingServer;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
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
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class OtherProcessesFaultsTest extends OtherProcessesSetup {
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
                .hasMessageContaining("sgdClients is a lambda of " + OtherProcessesFaultsTest.class.getName());
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
