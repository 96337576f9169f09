package org.fl4j.aggregators;

import org.fl4j.client.LocalTraining;
import org.fl4j.internal.Check;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;

/**
 * FedSGD (McMahan et al. 2017, arXiv 1602.05629, section 2): each client takes one step along the gradient of all its
 * examples, so that a round is one gradient step on the cohort's pooled data.
 *
 * <p>Deviations: clients send the step instead of the gradient, which is the same up to the learning rate.
 *
 * @param learningRate positive
 */
public record FedSgd(double learningRate) implements Algorithm {
    /** Checks the rate. */
    public FedSgd {
        Check.positive("learningRate", learningRate);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.usualAggregator(new FedAvg())
                .training(LocalTraining.sgd(learningRate).fullBatch());
    }

    /**
     * Refuses clients that take other steps than the one that the training says, and a pull that has no effect in one
     * step.
     */
    @Override
    public void verify(Parts parts) {
        parts.training().ifPresent(training -> {
            LocalTraining used = parts.sgdClients().effective(training);
            Check.that(
                    used.steps().isEmpty() && used.batchSize() == training.batchSize(),
                    "steps of clients under FedSGD",
                    "one, on all of a client's examples",
                    "those that its clients' algorithm sets");
            Check.that(
                    used.proximalTerm() == 0,
                    "proximalTerm of clients under FedSGD",
                    "0, for it pulls to the model that the one step starts from",
                    used.proximalTerm());
        });
    }
}
