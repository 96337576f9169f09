package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import org.fl4j.client.SgdClient;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientOrder;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.Models;
import org.fl4j.server.ForwardingServer;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Test;

class SimulationPartsTest extends RunSetup {
    @Test
    void reportsClientsThatFailToEvaluate() {
        SimulationBuilder builder = setup().rounds(1)
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                    @Override
                    public Metrics evaluate(TrainingTask task) {
                        if (id().index() == 7) {
                            throw new IllegalStateException("no battery");
                        }
                        return super.evaluate(task);
                    }
                });
        try (RunResult result = builder.build().run()) {
            RoundReport report = result.history().get(0);
            assertThat(report.failures())
                    .containsExactly(new ClientFailure(new ClientId(7), "java.lang.IllegalStateException: no battery"));
            assertThat(report.evaluations()).hasSize(Fixtures.CLIENTS - 1);
        }
    }

    /** A server around the composed one that sends client 0 a model of zeros. */
    @Test
    void runsAServerOfYourOwn() {
        SimulationBuilder builder = setup().cohortSize(Fixtures.CLIENTS)
                .rounds(1)
                .server((composed, run) -> new ForwardingServer(composed) {
                    @Override
                    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                        NDManager manager = state.model().floats().getManager();
                        return super.plan(state, available, round)
                                .withOrder(
                                        new ClientId(0),
                                        order -> ClientOrder.ownModel(() -> ParameterVector.zeros(
                                                state.model().layout(), manager)));
                    }

                    @Override
                    public Metrics evaluate(ServerState state, RoundContext round) {
                        return Metrics.none();
                    }
                });
        try (RunResult own = builder.build().run();
                RunResult plain =
                        setup().cohortSize(Fixtures.CLIENTS).rounds(1).build().run()) {
            assertThat(own.stateSha256()).isNotEqualTo(plain.stateSha256());
            assertThat(own.finalMetrics().find("test/accuracy")).isEmpty();
        }
    }

    @Test
    void refusesExamplesOfAnotherSizeThanTheTasks() {
        assertThatThrownBy(() -> setup().task(Models.cifarCnn()).build())
                .hasMessage("size of an example of test data must be the task's, 3072, but was 784");
        assertThatThrownBy(() -> setup().task(Models.cifarCnn()).testData(null).build())
                .hasMessage("size of an example of training data must be the task's, 3072, but was 784");
    }

    @Test
    void refusesALearningRateScheduleThatGivesNoRate() {
        Simulation simulation =
                setup().training(TRAINING.learningRate(round -> Double.NaN)).build();
        assertThatThrownBy(simulation::run)
                .hasMessageEndingWith("learningRate must be positive and finite, but was NaN");
    }
}
