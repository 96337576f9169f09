package org.fl4j.examples.combination;

import ai.djl.ndarray.types.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;

/**
 * The run that every pair is put into: ten clients with unequal shares of some digits, a model of two layers, three
 * rounds.
 */
final class TinyRun implements AutoCloseable {
    static final int CLIENTS = 10;
    static final int COHORT = 8;
    static final int ROUNDS = 3;

    static final LocalTraining TRAINING = LocalTraining.sgd(.05).batchSize(8);

    private static final LearningTask PLAIN = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(4),
                    new Layer.Relu().named(Models.FEATURES),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));
    private static final LearningTask WITH_STATISTICS = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(4),
                    new Layer.BatchNorm(),
                    new Layer.Relu().named(Models.FEATURES),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));

    /** The first of its layers is frozen. */
    static final LearningTask FROZEN = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(8).frozen(),
                    new Layer.Relu(),
                    new Layer.Dense(6),
                    new Layer.Relu(),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));

    private final Dataset digits = Digits.generate(300, 40, new Seed(1));
    private final FederatedDataset data = digits.federated(
            Partitioners.logNormalSizes(.5).partition(digits.train().classIndices(), CLIENTS, new Seed(2)));
    private final Map<Adversary, FederatedDataset> poisoned = new HashMap<>();

    static LearningTask task(boolean withStatistics) {
        return withStatistics ? WITH_STATISTICS : PLAIN;
    }

    /** Returns what clients hold. */
    FederatedDataset data() {
        return data;
    }

    /** Returns what clients hold if the first ones are poisoned. */
    FederatedDataset poisoned(Adversary adversary, int clients) {
        return poisoned.computeIfAbsent(adversary, how -> how.poisoned(data, clients));
    }

    /** Returns whether the model must have running statistics. */
    static boolean needStatistics(List<Part> parts) {
        return parts.stream().anyMatch(part -> part.name().equals("fedbn"));
    }

    /** Returns the run with these parts, set in their order. */
    SimulationBuilder builder(boolean withStatistics, Part... parts) {
        SimulationBuilder run = plain(withStatistics);
        for (Part part : parts) {
            part.put().accept(this, run);
        }
        return run;
    }

    /** Returns why a run with both is refused, if it is. */
    Optional<String> refusal(Part row, Part column) {
        try {
            builder(needStatistics(List.of(row, column)), row, column).build();
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private SimulationBuilder plain(boolean withStatistics) {
        return Simulation.builder()
                .task(task(withStatistics))
                .data(data)
                .clientEvaluation(data, ROUNDS)
                .training(TRAINING)
                .selector(new UniformSelector())
                .aggregator(new FedAvg())
                .cohortSize(COHORT)
                .rounds(ROUNDS)
                .workers(1)
                .seed(3);
    }

    @Override
    public void close() {
        digits.close();
    }
}
