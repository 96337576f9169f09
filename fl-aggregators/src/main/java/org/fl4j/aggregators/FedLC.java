package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.data.Examples;
import org.fl4j.expression.Expression;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Tensors;

/**
 * FedLC (Zhang et al. 2022, arXiv 2209.00189, equation 7): clients lower the logit of each class by {@code margin
 * n^(-1/4)}, with n the number of their examples of that class, so that frequent classes do not drown rare ones. FedAvg
 * on the server.
 *
 * <p>Deviations: a class of which a client has no example counts as one example, where the paper's margin is infinite.
 *
 * @param margin tau of the paper, at least 0; 0 is FedAvg
 */
public record FedLC(double margin) implements Algorithm {
    /** Checks the margin. */
    public FedLC {
        Check.notNegative("margin", margin);
    }

    @Override
    public Parts on(Parts parts) {
        double strength = margin;
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) -> new CalibratedClient(id, worker, training, strength));
    }

    private static final class CalibratedClient extends SgdClient {
        private static final Expression LOSS = Expression.predictions()
                .minus(Expression.tensor("margins"))
                .logSoftmax()
                .at(Expression.labels())
                .negated();

        private final double margin;

        CalibratedClient(ClientId id, Worker worker, LocalTraining training, double margin) {
            super(id, worker, training);
            this.margin = margin;
        }

        @Override
        protected Optional<Expression> loss() {
            return Optional.of(LOSS);
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask task, LocalModel model) {
            Examples all = examples().gather(model.manager());
            Shape output = model.predict(all.slice(0, 1).features()).getShape();
            float[] margins = new float[Math.toIntExact(output.get(1))];
            for (int label : all.classIndices()) {
                margins[label]++;
            }
            for (int c = 0; c < margins.length; c++) {
                margins[c] = (float) (margin * Math.pow(Math.max(1, margins[c]), -.25));
            }
            return Map.of("margins", Tensors.create(model.manager(), margins, new Shape(1, margins.length)));
        }
    }
}
