package org.fl4j.aggregators.personal;

import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;

/**
 * Reptile (Nichol et al. 2018, arXiv 1803.02999, algorithm 2): the model moves a share of the way to the plain mean of
 * the local models, and each client tunes it on its own data before it is used.
 *
 * <p>Deviations: none.
 *
 * @param stepSize epsilon of the paper, positive
 * @param tuning how a client tunes the model before its evaluation
 */
public record Reptile(double stepSize, LocalTraining tuning) implements Algorithm {
    /** Checks both. */
    public Reptile {
        Check.positive("stepSize", stepSize);
        Check.present("tuning", tuning);
    }

    @Override
    public Parts on(Parts parts) {
        LocalTraining own = tuning;
        return parts.usualAggregator(new FedAvg(UpdateWeighting.uniform()))
                .serverOptimizer(new AddDelta(stepSize))
                .sgdClients(SgdClientFactory.ofOneClass(
                        FineTuningClient.class,
                        (id, worker, training) -> new FineTuningClient(id, worker, training, own)));
    }
}
