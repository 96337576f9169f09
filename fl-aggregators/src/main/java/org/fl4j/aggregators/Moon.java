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
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * MOON, model-contrastive learning (Li et al. 2021, arXiv 2103.16257, algorithm 1). Clients add to the cross-entropy
 * {@code mu} times {@code -log(e^a / (e^a + e^b))}, where a and b are the cosines, over the temperature, between an
 * example's features in the local model and those in the received model (a) and in the client's own model of its last
 * round (b). FedAvg on the server. Labels are classes.
 *
 * <p>Features are the output of a named layer: {@link Models#withFeatures} names one, as {@code 2nn:features=true} does
 * among the names of models, or {@link org.fl4j.model.Layer#named}. The paper adds a projection head to
 * its networks: two dense layers below the last one, of which the second is named.
 *
 * <p>Deviations: in a client's first round b = a, so that the term has no gradient. Features of the received and of the
 * last model are those of evaluation mode.
 *
 * @param mu at least 0; 0 is FedAvg
 * @param temperature tau of the paper, positive
 * @param layer the name of the layer
 */
public record Moon(double mu, double temperature, String layer) implements Algorithm {
    private static final Slot SLOT = Slot.ofClient("moon");
    private static final String MODEL = "moon/model";
    private static final String RECEIVED = "received";
    private static final String LAST = "last";
    private static final double LEAST_NORM = 1e-8; // as PyTorch's cosines have it

    /** Checks all. */
    public Moon {
        Check.notNegative("mu", mu);
        Check.positive("temperature", temperature);
        Check.present("layer", layer);
    }

    /** Takes the layer that {@link Models#withFeatures} names. */
    public Moon(double mu, double temperature) {
        this(mu, temperature, Models.FEATURES);
    }

    @Override
    public Parts on(Parts parts) {
        Optional<Expression> loss = Optional.of(loss());
        String named = layer;
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) -> new Contrasting(id, worker, training, loss, named));
    }

    Expression loss() {
        Expression crossEntropy =
                Expression.predictions().logSoftmax().at(Expression.labels()).negated();
        Expression closer = cosine(LAST).minus(cosine(RECEIVED)).dividedBy(temperature);
        return crossEntropy.plus(closer.exp().plus(1).log().times(mu));
    }

    private Expression cosine(String other) {
        Expression own = Expression.output(layer);
        Expression theirs = Expression.perExample(other);
        return own.times(theirs).sum().dividedBy(length(own).times(length(theirs)));
    }

    private static Expression length(Expression features) {
        return features.squared().sum().plus(LEAST_NORM * LEAST_NORM).sqrt();
    }

    private static final class Contrasting extends SgdClient {
        private final Optional<Expression> loss;
        private final String layer;

        Contrasting(ClientId id, Worker worker, LocalTraining training, Optional<Expression> loss, String layer) {
            super(id, worker, training);
            this.loss = loss;
            this.layer = layer;
        }

        @Override
        protected Optional<Expression> loss() {
            return loss;
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask task, LocalModel model) {
            NDArray received = features(model);
            NDArray last = kept(SLOT)
                    .flatMap(state -> state.tensor(MODEL))
                    .map(before -> {
                        NDArray here = model.parameters().floats().duplicate();
                        Kernels.copy(before, model.parameters().floats());
                        NDArray then = features(model);
                        Kernels.copy(here, model.parameters().floats());
                        return then;
                    })
                    .orElse(received);
            return Map.of(RECEIVED, received, LAST, last);
        }

        private NDArray features(LocalModel model) {
            model.predict(examples().gather(model.manager()).features());
            return model.output(layer).duplicate();
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            keep(SLOT, StrategyState.empty().with(MODEL, model.parameters().floats()));
        }
    }
}
