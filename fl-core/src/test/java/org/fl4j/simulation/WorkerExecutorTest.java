package org.fl4j.simulation;

import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.server.FedAvg;
import org.fl4j.server.WeightedMean;
import org.fl4j.testing.CohortExecutorContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

class WorkerExecutorTest {
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Fixtures.digits();
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    /** {@link BlockExecutor} with three workers: sums are made by the workers. */
    @Nested
    class Blocks extends CohortExecutorContract {
        @Override
        protected SimulationBuilder run() {
            return small().blockTraining(BlockTraining.ALWAYS);
        }

        @Override
        protected SimulationBuilder on(SimulationBuilder run) {
            return run.workers(3);
        }
    }

    /** The same with a rule that sees each update. */
    @Nested
    class BlocksOfUpdates extends CohortExecutorContract {
        @Override
        protected SimulationBuilder run() {
            return small().aggregator((round, state) -> new WeightedMean(UpdateWeighting.byExampleCount(), state))
                    .blockTraining(BlockTraining.ALWAYS);
        }

        @Override
        protected SimulationBuilder on(SimulationBuilder run) {
            return run.workers(3);
        }
    }

    private static SimulationBuilder small() {
        return Fixtures.softmaxRun(digits)
                .aggregator(new FedAvg())
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 2);
    }

    /** {@link WorkerExecutor} with three workers. */
    @Nested
    class ThreeWorkers extends CohortExecutorContract {
        @Override
        protected SimulationBuilder run() {
            return small().blockTraining(BlockTraining.NEVER);
        }

        @Override
        protected SimulationBuilder on(SimulationBuilder run) {
            return run.workers(3);
        }
    }
}
