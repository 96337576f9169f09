package org.fl4j.aggregators;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.client.ClassCounts;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Server;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;

/**
 * FedDisco, discrepancy-aware collaboration (Ye et al. 2023, arXiv 2305.19229, equation 7): a client counts {@code
 * max(0, n - a d + b)}, with n its share of the cohort's examples and d the Euclidean distance between the shares of
 * its classes and equal ones. Clients of a round first tell how many examples of each class they have.
 *
 * <p>Deviations: none; of the distances and targets that the paper compares, this is one. A client that counts nothing
 * is accepted and not folded. If all of a round count nothing, the model stays.
 *
 * @param a the weight of discrepancy, at least 0
 * @param b what every client counts beside, at least 0; with a = 0 and b = 0 it is FedAvg
 * @param classes how many there are
 */
public record FedDisco(double a, double b, int classes) implements Algorithm {
    private static final String WEIGHT = "feddisco/weight";
    private static final float UNKNOWN = -1;

    /** Checks all. */
    public FedDisco {
        Check.notNegative("a", a);
        Check.notNegative("b", b);
        Check.positive("classes", classes);
    }

    @Override
    public Parts on(Parts parts) {
        FedDisco setting = this;
        return parts.aggregator(aggregator()).server(CohortQuery.around(server -> new Asking(server, setting)));
    }

    /** The half that combines; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new Combining();
    }

    private record Combining() implements Aggregator {
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            ClientColumn weights =
                    state.strategy().column(WEIGHT).orElseGet(() -> ClientColumn.filled(round.clientCount(), UNKNOWN));
            return new Weighing(
                    weights,
                    new WeightedMean(update -> weights.get(update.client().index()), state),
                    state);
        }
    }

    private record Weighing(ClientColumn weights, WeightedMean mean, ServerState state) implements Aggregation {
        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            return weights.get(update.client().index()) == UNKNOWN
                    ? Admission.rejected(
                            RejectionReason.REFUSED,
                            "counts of classes must be known, but " + update.client() + " did not tell them")
                    : mean.onModelUpdate(update);
        }

        @Override
        public void add(ModelUpdate update) {
            if (weights.get(update.client().index()) > 0) {
                mean.add(update);
            }
        }

        @Override
        public void merge(Aggregation other) {
            mean.merge(((Weighing) other).mean);
        }

        @Override
        public Aggregate combine() {
            return mean.count() == 0 ? Aggregate.of(Optional.empty(), state) : mean.combine();
        }
    }

    /** Returns what each client of a cohort counts, by their counts of classes. */
    float[] weights(List<float[]> counts) {
        double all = 0;
        for (float[] ofClient : counts) {
            all += sum(ofClient);
        }
        float[] weights = new float[counts.size()];
        for (int i = 0; i < weights.length; i++) {
            double own = sum(counts.get(i));
            double squares = 0;
            for (float count : counts.get(i)) {
                double away = count / Math.max(1, own) - 1.0 / classes;
                squares += away * away;
            }
            weights[i] = (float) Math.max(0, own / Math.max(1, all) - a * Math.sqrt(squares) + b);
        }
        return weights;
    }

    private static double sum(float... values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    private static final class Asking extends CohortQuery {
        private final FedDisco setting;

        Asking(Server inner, FedDisco setting) {
            super(inner, new ClassCounts(setting.classes).name(), /* readsModel= */ false);
            this.setting = setting;
        }

        @Override
        public ServerState answered(ServerState state, Query asked, Iterable<ModelUpdate> answers, RoundContext round) {
            List<float[]> counts = new ArrayList<>();
            List<Integer> clients = new ArrayList<>();
            for (ModelUpdate answer : answers) {
                float[] ofClient = answer.attachment(ClassCounts.COUNTS).toFloatArray();
                Check.that(
                        ofClient.length == setting.classes,
                        "counts of classes of " + answer.client(),
                        "as many as classes, " + setting.classes,
                        ofClient.length);
                counts.add(ofClient);
                clients.add(answer.client().index());
            }
            int[] indices = clients.stream().mapToInt(Integer::intValue).toArray();
            ClientColumn weights =
                    ClientColumn.filled(round.clientCount(), UNKNOWN).with(indices, setting.weights(counts));
            return state.withStrategy(state.strategy().with(WEIGHT, weights));
        }
    }
}
