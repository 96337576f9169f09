package org.fl4j.aggregators.personal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FedBabuTest {
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(200, 20, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run(int layers, double tuningRate) {
        FederatedDataset data = Partitioners.shards(2).federated(digits, 4, new Seed(2));
        return Simulation.builder()
                .task(Models.mnist2nn())
                .data(data)
                .clientEvaluation(data, 3)
                .training(LocalTraining.sgd(.05).optimizer(new ClientOptimizer.Sgd(.5, .01)))
                .algorithm(new FedBabu(layers, LocalTraining.sgd(tuningRate).epochs(2)))
                .cohortSize(4)
                .rounds(3);
    }

    /** Also with weight decay and momentum, which move parameters without a gradient. */
    @Test
    void theHeadStaysAndTheBodyMoves() {
        try (RunResult first = run(1, .05).rounds(1).build().run();
                RunResult last = run(1, .05).build().run()) {
            ParameterVector then = first.state().model();
            ParameterVector now = last.state().model();
            ParameterLayout layout = now.layout();
            int moved = 0;
            for (ParameterLayout.Entry entry : layout.parameters()) {
                boolean same = Arrays.equals(
                        now.parameter(entry).toFloatArray(),
                        then.parameter(entry).toFloatArray());
                assertThat(same)
                        .as(entry.name())
                        .isEqualTo(SharingRule.lastLayers(1).personal(layout).contains(entry));
                moved += same ? 0 : 1;
            }
            assertThat(moved).isEqualTo(4);
        }
    }

    /** Clients have two classes each, so a model that they tuned is better on their own examples. */
    @Test
    void clientsTuneBeforeTheyEvaluate() {
        try (RunResult hardly = run(1, 1e-7).build().run();
                RunResult tuned = run(1, .1).build().run()) {
            assertThat(tuned.stateSha256()).as("evaluation changes no model").isEqualTo(hardly.stateSha256());
            assertThat(tuned.finalMetrics().value("client/train/accuracy"))
                    .isGreaterThan(hardly.finalMetrics().value("client/train/accuracy") + .1);
        }
    }

    @Test
    void refusesHeadsThatTheModelDoesNotHave() {
        assertThatThrownBy(() -> run(0, .1)).hasMessageStartingWith("layers must be");
        assertThatThrownBy(() -> run(4, .1).build()).isInstanceOf(IllegalArgumentException.class);
    }
}
