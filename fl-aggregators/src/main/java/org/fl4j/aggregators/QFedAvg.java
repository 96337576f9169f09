package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.Set;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;

/**
 * q-FedAvg (Li et al. 2020, arXiv 1905.10497, algorithm 2): minimises {@code sum F_k^(q+1) / (q + 1)}, so that clients
 * with a high loss count for more. With {@code d_k = delta_k / rate} and F_k client k's loss at the received model, the
 * model moves by {@code sum F_k^q d_k / sum (q F_k^(q-1) |d_k|^2 + F_k^q / rate)}.
 *
 * <p>Deviations: 1e-10 is added to every loss, so that a loss of 0 has a power. Buffers are averaged by {@code F_k^q}.
 *
 * @param q at least 0; 0 is the plain mean
 */
public record QFedAvg(double q) implements Algorithm {
    /** Checks q. */
    public QFedAvg {
        Check.notNegative("q", q);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.aggregator(aggregator()).sgdClients(ReceivedLoss.CLIENTS);
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new QFedAvgAggregator(this);
    }

    private record QFedAvgAggregator(QFedAvg fair) implements Aggregator {
        @Override
        public Set<Fact<?>> needs() {
            return ReceivedLoss.NEEDED;
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return fair.new Fair(state);
        }
    }

    private double loss(ModelUpdate update) {
        return update.facts().get(ReceivedLoss.LOSS) + 1e-10;
    }

    private final class Fair implements Aggregation {
        private final WeightedMean mean;
        private double scale;

        Fair(ServerState state) {
            mean = new WeightedMean(update -> Math.pow(loss(update), q) / ReceivedLoss.rate(update), state);
        }

        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            return ReceivedLoss.judge(update);
        }

        @Override
        public void add(ModelUpdate update) {
            double rate = ReceivedLoss.rate(update); // the inverse of the paper's Lipschitz constant L
            double length = update.delta().norm() / rate;
            scale += q * Math.pow(loss(update), q - 1) * length * length + Math.pow(loss(update), q) / rate;
            mean.add(update);
        }

        @Override
        public void merge(Aggregation other) {
            mean.merge(((Fair) other).mean);
            scale += ((Fair) other).scale;
        }

        @Override
        public Aggregate combine() {
            Aggregate aggregate = mean.combine();
            aggregate.delta().ifPresent(delta -> {
                NDArray trainable = delta.trainable();
                trainable.muli(mean.totalWeight() / scale);
            });
            return aggregate;
        }
    }
}
