package org.fl4j.examples;

import java.util.Locale;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/** A client of your own: local training is pulled back to the received model, the proximal term of FedProx. */
public final class CustomClient extends SgdClient {
    private final double pull;

    private CustomClient(ClientId id, Worker worker, LocalTraining training, double pull) {
        super(id, worker, training);
        this.pull = pull;
    }

    @Override
    protected Optional<Expression> gradientTerm() {
        Expression drift = Expression.parameters().minus(Expression.received());
        return Optional.of(drift.times(pull));
    }

    /** Trains for five rounds and prints the accuracy of each. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        LocalTraining training = LocalTraining.sgd(0.1).epochs(5);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            Partition partition =
                    Partitioners.shards(2).partition(digits.train().classIndices(), 100, seed);
            Simulation simulation = Simulation.builder()
                    .task(Models.mnist2nn())
                    .data(digits.federated(partition))
                    .testData(digits.test())
                    .clients((id, worker) -> new CustomClient(id, worker, training, /* pull= */ 0.01))
                    .selector(new UniformSelector())
                    .aggregator(new FedAvg())
                    .cohortSize(20)
                    .rounds(5)
                    .build();
            try (RunResult result = simulation.run()) {
                result.history()
                        .forEach(round -> System.out.printf(
                                Locale.ROOT,
                                "round %d accuracy %.4f%n",
                                round.round(),
                                round.metrics().value("test/accuracy")));
            }
        }
    }
}
