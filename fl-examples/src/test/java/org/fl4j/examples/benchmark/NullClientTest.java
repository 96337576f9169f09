package org.fl4j.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.Test;

class NullClientTest {
    private static SimulationBuilder run(Dataset digits) {
        return Simulation.builder()
                .task(Models.mnist2nn())
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), 4, new Seed(1))))
                .training(LocalTraining.sgd(.1))
                .clients((id, worker) -> new NullClient(id))
                .selector(new UniformSelector())
                .aggregator(new FedAvg())
                .cohortSize(2);
    }

    /** The model of the first round is that of the last: nothing grows until it is rejected. */
    @Test
    void everyUpdateOfALongRunIsFoldedAndTheModelStays() {
        try (Dataset digits = Digits.generate(40, 10, new Seed(1));
                RunResult one = run(digits).rounds(1).build().run();
                RunResult many = run(digits).rounds(200).build().run()) {
            assertThat(many.history()).hasSize(200).allSatisfy(round -> {
                assertThat(round.clients()).hasSize(2);
                assertThat(round.rejected()).isEmpty();
            });
            assertThat(many.state().model().sha256())
                    .isEqualTo(one.state().model().sha256());
        }
    }
}
