package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.ServerState;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.CohortExecutor;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.Test;

/** What every {@link CohortExecutor} promises, seen from runs on it. */
public abstract class CohortExecutorContract {
    /** Returns a small run with evaluation on clients, of at least three rounds and cohorts of at least four. */
    protected abstract SimulationBuilder run();

    /** Has a run use the executor under test. */
    protected abstract SimulationBuilder on(SimulationBuilder run);

    /** All that a run comes to, but times. */
    private static List<Object> outcome(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            List<Object> outcome = new ArrayList<>(List.of(result.stateSha256()));
            for (RoundReport round : result.history()) {
                outcome.add(List.of(
                        round.cohort(),
                        round.clients(),
                        round.evaluations(),
                        round.rejected(),
                        round.failures(),
                        round.bytesDown(),
                        round.bytesUp()));
            }
            return outcome;
        }
    }

    @Test
    void givesTheBitsOfOneWorkerOfThisProcess() {
        assertThat(outcome(on(run()))).isEqualTo(outcome(run().workers(1)));
    }

    @Test
    void givesTheSameBitsInBlocks() {
        assertThat(outcome(on(run().blockSize(3))))
                .isEqualTo(outcome(run().blockSize(3).workers(1)));
    }

    /** Whom the server does not want any more is late, the same clients everywhere. */
    @Test
    void stopsWhereTheServerHasEnough() {
        UpdatePolicy two = UpdatePolicy.all().bufferSize(2);
        assertThat(outcome(on(run().updates(two))))
                .isEqualTo(outcome(run().updates(two).workers(1)));
    }

    @Test
    void recordsEachTaskOnce() {
        List<TaskRecord> records = new ArrayList<>();
        List<RoundReport> rounds = new ArrayList<>();
        on(run().listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        records.addAll(tasks);
                    }

                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        rounds.add(report);
                    }
                }))
                .build()
                .run()
                .close();
        for (RoundReport round : rounds) {
            List<ClientId> trained = records.stream()
                    .filter(record -> record.id().round() == round.round()
                            && record.id().kind().equals("train"))
                    .map(record -> record.id().client())
                    .toList();
            assertThat(trained).containsExactlyInAnyOrderElementsOf(round.cohort());
        }
        assertThat(records).allSatisfy(record -> {
            assertThat(record.outcome()).isEqualTo(TaskRecord.Outcome.SUCCEEDED);
            assertThat(record.ended()).isAfterOrEqualTo(record.started());
            assertThat(record.started()).isAfterOrEqualTo(record.submitted());
        });
    }

    @Test
    void endsWithARunThatIsCancelledAndServesTheNext() {
        Simulation[] simulation = new Simulation[1];
        simulation[0] = on(run().rounds(1000).listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        if (report.round() == 2) {
                            simulation[0].cancel();
                        }
                    }
                }))
                .build();
        try (RunResult result = simulation[0].run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            assertThat(result.state().round()).isEqualTo(2);
        }
        assertThat(outcome(on(run()))).isEqualTo(outcome(run()));
    }
}
