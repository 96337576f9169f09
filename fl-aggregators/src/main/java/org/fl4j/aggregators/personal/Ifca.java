package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.fl4j.server.AddDelta;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * IFCA, the iterative federated clustering algorithm (Ghosh et al. 2020, arXiv 2006.04088, algorithm 1, model
 * averaging): the server holds k models, which are models of the state, {@code ifca/cluster 0} and so on; each client
 * trains the one with the lowest loss on its training data, and each model becomes the mean of those that were trained
 * from it.
 *
 * <p>Deviations: the other models start as the first one with the values of each parameter shuffled, which is another
 * draw of the same initial weights. The run's own model moves by the mean of all deltas; what counts is the evaluation
 * on clients, which use the cluster of lowest training loss. Whether groups find clusters of their own depends on the
 * initial draws, as in the paper: try some seeds.
 *
 * @param clusters k, at least 1; 1 is FedAvg
 */
public record Ifca(int clusters) implements Algorithm {
    /** The cluster that a client trained, from 0. */
    static final Fact<Long> CLUSTER = new Fact<>("ifca/cluster", Long.class, Fact.Source.DATA);

    /** Checks k. */
    public Ifca {
        Check.positive("clusters", clusters);
    }

    private static String name(int cluster) {
        return CLUSTER.name() + " " + cluster;
    }

    @Override
    public Parts on(Parts parts) {
        int count = clusters;
        return parts.aggregator(aggregator())
                .sgdClients(SgdClientFactory.ofOneClass(
                        ClusteredClient.class,
                        (id, worker, training) -> new ClusteredClient(id, worker, training, count)));
    }

    /** Refuses what would change the run's own model alone, which no client uses. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.serverOptimizer().equals(new AddDelta(1)),
                "serverOptimizer under IFCA",
                "left out, for each cluster is the mean of its own models",
                parts.serverOptimizer().getClass().getSimpleName());
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new IfcaAggregator(this);
    }

    private record IfcaAggregator(Ifca ifca) implements Aggregator {
        @Override
        public Set<Fact<?>> needs() {
            return Set.of(CLUSTER);
        }

        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            Map<String, NDArray> models = new TreeMap<>();
            for (int k = 0; k < ifca.clusters; k++) {
                models.put(name(k), model(state, k).floats());
            }
            return models;
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return ifca.new ByCluster(state);
        }
    }

    private static ParameterVector model(ServerState state, int cluster) {
        return state.model(name(cluster)).orElseGet(() -> shuffled(state.model(), cluster));
    }

    private static ParameterVector shuffled(ParameterVector model, int cluster) {
        ParameterVector copy = model.copy();
        if (cluster > 0) {
            NDManager manager = copy.floats().getManager();
            for (ParameterLayout.Entry entry : copy.layout().parameters()) {
                if (entry.role() == ParameterRole.TRAINABLE) {
                    NDArray values = Kernels.narrow(copy.floats(), entry.offset(), entry.size());
                    int[] order = Sampling.permutation(
                            Math.toIntExact(entry.size()),
                            new Seed(cluster).derive(entry.name()).generator());
                    Kernels.copy(Kernels.rows(manager, values, Tensors.indices(manager, order)), values);
                }
            }
        }
        return copy;
    }

    private final class ByCluster implements Aggregation {
        private final ServerState state;
        private final WeightedMean all;
        private final List<WeightedMean> means = new ArrayList<>();

        ByCluster(ServerState state) {
            this.state = state;
            all = new WeightedMean(UpdateWeighting.byExampleCount(), state);
            for (int k = 0; k < clusters; k++) {
                means.add(new WeightedMean(UpdateWeighting.byExampleCount(), state));
            }
        }

        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            Optional<Long> cluster = update.facts().find(CLUSTER);
            return cluster.isPresent() && cluster.get() >= 0 && cluster.get() < clusters
                    ? Admission.accepted()
                    : Admission.rejected(
                            RejectionReason.REFUSED,
                            "fact " + CLUSTER.name() + " must be there, in [0, " + (clusters - 1) + "], but was "
                                    + cluster.map(String::valueOf).orElse("not there"));
        }

        @Override
        public void add(ModelUpdate update) {
            all.add(update);
            means.get(update.facts().get(CLUSTER).intValue()).add(update);
        }

        @Override
        public void merge(Aggregation other) {
            all.merge(((ByCluster) other).all);
            for (int k = 0; k < clusters; k++) {
                means.get(k).merge(((ByCluster) other).means.get(k));
            }
        }

        @Override
        public Aggregate combine() {
            Map<String, ParameterVector> next = new TreeMap<>();
            for (int k = 0; k < clusters; k++) {
                ParameterVector model = model(state, k).copy();
                means.get(k).combine().delta().ifPresent(delta -> Kernels.addScaled(model.floats(), delta.floats(), 1));
                next.put(name(k), model);
            }
            return new Aggregate(all.combine().delta(), next, state.strategy(), Metrics.none());
        }
    }

    private static final class ClusteredClient extends SgdClient {
        private final int clusters;
        private int best;

        ClusteredClient(ClientId id, Worker worker, LocalTraining training, int clusters) {
            super(id, worker, training);
            this.clusters = clusters;
        }

        private NDArray cluster(TrainingTask task, int k) {
            return task.attachment(name(k), worker().device()).orElseThrow();
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (examples().count() == 0) {
                return; // the server rejects the update
            }
            NDArray parameters = model.parameters().floats();
            Examples all = examples().gather(model.manager());
            double lowest = Double.POSITIVE_INFINITY;
            for (int k = 0; k < clusters; k++) {
                Kernels.copy(cluster(task, k), parameters);
                double loss = model.evaluate(all, "own").value("own/loss");
                if (loss < lowest) {
                    lowest = loss;
                    best = k;
                }
            }
            Kernels.copy(cluster(task, best), parameters);
        }

        /** A proximal term pulls to the cluster's model. */
        @Override
        protected NDArray anchor(ParameterVector received) {
            return worker().model().parameters().trainable().duplicate();
        }

        @Override
        protected void beforeEvaluation(TrainingTask task, LocalModel model) {
            beforeTraining(task, model);
        }

        /** The delta counts from the model that was trained. */
        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            NDArray floats = update.delta().floats();
            Kernels.addScaled(floats, task.model().on(worker().device()).floats(), 1);
            Kernels.addScaled(floats, cluster(task, best), -1);
            return update.with(CLUSTER, (long) best);
        }
    }
}
