package org.fl4j.aggregators.robust;

import ai.djl.Device;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.aggregators.Updates;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * FLTrust (Cao et al. 2021, arXiv 2012.13995, algorithm 2): the server trains on a small clean data set of its own;
 * each client's delta is scaled to the length of the server's and weighted by the cosine between the two, those that
 * point away by nothing. If all do, the model stays.
 *
 * <p>Withstands any share of arbitrary clients, in this sense: the aggregate is no longer than the server's delta and
 * does not point away from it. Within that half space they can turn it.
 *
 * <p>Deviations: cosines and lengths are over trainable parameters; buffers are scaled and weighted with them.
 *
 * @param root makes the server's own delta of a round
 */
public record FLTrust(TrustedUpdate root) implements Aggregator {
    /** Checks for presence. */
    public FLTrust {
        Check.present("root", root);
    }

    /** Makes the delta that the server trusts. */
    @FunctionalInterface
    public interface TrustedUpdate {
        /** Returns what training on trusted data makes of the state's model, on the model's device. */
        ParameterVector delta(RoundContext round, ServerState state);

        /** Trains as clients do, on clean examples that the server holds. */
        static TrustedUpdate onExamples(LearningTask task, Examples clean, LocalTraining training) {
            int[] rows = IntStream.range(0, clean.count()).toArray();
            return (round, state) -> {
                Device device = state.model().floats().getDevice();
                PartitionedDataset data = new PartitionedDataset(clean, Partition.of(List.of(rows)));
                ClientId root = new ClientId(0);
                try (FederatedModel model = new FederatedModel(task);
                        Worker worker = new Worker(model, data, data, new NoClientStates(), device)) {
                    TrainingTask message = new TrainingTask(round.ticket(root), state.round(), state.model());
                    return new SgdClient(root, worker, training)
                            .train(message)
                            .delta()
                            .keep(state.model().floats().getManager());
                }
            };
        }
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(updates -> trusted(updates, root.delta(round, state))).begin(round, state);
    }

    private static ParameterVector trusted(List<ModelUpdate> updates, ParameterVector root) {
        double length = root.norm();
        double[] trust = new double[updates.size()];
        double[] weights = new double[updates.size()];
        for (int i = 0; i < trust.length; i++) {
            ParameterVector delta = updates.get(i).delta();
            double norm = delta.norm();
            double cosine = Kernels.dot(delta.trainable(), root.trainable()) / (norm * length);
            trust[i] = cosine > 0 ? cosine : 0; // also where a norm is 0
            weights[i] = trust[i] > 0 ? trust[i] * length / norm : 0;
        }
        double total = Arrays.stream(trust).sum();
        if (total > 0) {
            for (int i = 0; i < trust.length; i++) {
                trust[i] /= total;
                weights[i] /= total;
            }
        }
        return Updates.sum(updates, weights, trust);
    }
}
