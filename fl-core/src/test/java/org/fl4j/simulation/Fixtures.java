package org.fl4j.simulation;

import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ModelUpdate;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;

/** Small experiments for the tests of this package. fl-core has no plug-ins, so a mean and a selector are made here. */
final class Fixtures {
    static final int CLIENTS = 12;

    private Fixtures() {}

    static final ClientSelector UNIFORM = (available, count, round, state) -> Arrays.stream(Sampling.withoutReplacement(
                    available.size(), count, round.seed("client selection").generator()))
            .mapToObj(available::id)
            .toList();

    static final Aggregator MEAN = (round, state) -> new Aggregation() {
        private Optional<ParameterVector> sum = Optional.empty();
        private long examples;

        @Override
        public void add(ModelUpdate update) {
            if (sum.isEmpty()) {
                sum = Optional.of(ParameterVector.zeros(
                        update.delta().layout(), state.model().floats().getManager()));
            }
            sum.get().addScaledInPlace(update.delta(), (double) update.exampleCount());
            examples += update.exampleCount();
        }

        @Override
        public void merge(Aggregation other) {
            throw new IllegalStateException("one part only");
        }

        @Override
        public Aggregate combine() {
            sum.ifPresent(total -> total.floats().divi(examples));
            return Aggregate.of(sum, state);
        }
    };

    static Dataset digits() {
        return Digits.generate(600, 200, new Seed(1));
    }

    static Partition partition(Dataset digits) {
        return Partitioners.dirichlet(.5).partition(digits.train().classIndices(), CLIENTS, new Seed(1));
    }

    static LearningTask softmax() {
        return Models.softmaxRegression(new Shape(1, 28, 28), 10);
    }

    /** Softmax regression over 12 unequal clients, 5 a round, 4 rounds. */
    static SimulationBuilder softmaxRun(Dataset digits) {
        return Simulation.builder()
                .task(softmax())
                .data(digits.federated(partition(digits)))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1))
                .selector(UNIFORM)
                .aggregator(MEAN)
                .cohortSize(5)
                .rounds(4)
                .seed(3);
    }
}
