package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.expression.Expression;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;

/**
 * FedNTD, federated not-true distillation (Lee et al. 2022, arXiv 2106.03097, equations 4 to 6): clients add to the
 * cross-entropy {@code beta} times the Kullback-Leibler divergence of the local from the received model's
 * probabilities, of the classes other than the example's own, so that they forget less of what others know. FedAvg on
 * the server. Labels are classes.
 *
 * <p>Deviations: none. (The authors' program multiplies the divergence by the temperature squared too, which makes no
 * difference at their temperature of 1.)
 *
 * @param beta at least 0; 0 is FedAvg
 * @param temperature tau of the paper, positive
 */
public record FedNtd(double beta, double temperature) implements Algorithm {
    private static final double MASKED = 1e9; // softmax makes 0 of a logit that is lower by so much

    /** Checks both. */
    public FedNtd {
        Check.notNegative("beta", beta);
        Check.positive("temperature", temperature);
    }

    @Override
    public Parts on(Parts parts) {
        Optional<Expression> loss = Optional.of(loss());
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) -> new Distilling(id, worker, training, loss));
    }

    Expression loss() {
        Expression received = notTrue(Expression.perExample("received"));
        Expression divergence = received.exp()
                .times(received.minus(notTrue(Expression.predictions())))
                .sum();
        Expression crossEntropy =
                Expression.predictions().logSoftmax().at(Expression.labels()).negated();
        return crossEntropy.plus(divergence.times(beta));
    }

    private Expression notTrue(Expression logits) {
        Expression own = logits.oneHot(Expression.labels());
        return logits.minus(own.times(MASKED)).dividedBy(temperature).logSoftmax();
    }

    private static final class Distilling extends SgdClient {
        private final Optional<Expression> loss;

        Distilling(ClientId id, Worker worker, LocalTraining training, Optional<Expression> loss) {
            super(id, worker, training);
            this.loss = loss;
        }

        @Override
        protected Optional<Expression> loss() {
            return loss;
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask task, LocalModel model) {
            return Map.of(
                    "received", model.predict(examples().gather(model.manager()).features()));
        }
    }
}
