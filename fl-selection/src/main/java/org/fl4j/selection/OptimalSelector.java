package org.fl4j.selection;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Sampling;

/**
 * Optimal client sampling (Chen, Horvath and Richtarik 2020, arXiv 2010.13723, equation 7): clients are drawn with
 * probabilities in proportion to the norm of their update, none above 1, that sum to the cohort, so that the variance
 * of the mean is least. A draw of exactly the cohort with these probabilities is by systematic sampling (Madow 1949).
 * Costs O(clients log clients).
 *
 * <p>Deviations: norms are those of a client's last update, {@link TrainingFacts#UPDATE_NORM}, which upload transforms
 * that clip tell, or else the root of {@link TrainingFacts#SQUARED_LOSS}; the mean of them for those who never took
 * part. And updates are not divided by their probability: the mean leans towards clients that move far.
 */
public record OptimalSelector() implements ClientSelector {
    private static final String NORM = "optimal/norm";

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        ClientColumn known = norms(state, round);
        double[] norms = new double[available.size()];
        double sum = 0;
        int seen = 0;
        for (int position = 0; position < norms.length; position++) {
            norms[position] = known.get(available.index(position));
            sum += Math.max(0, norms[position]);
            seen += norms[position] >= 0 ? 1 : 0;
        }
        double unknown = sum > 0 ? sum / seen : 1;
        for (int position = 0; position < norms.length; position++) {
            norms[position] = norms[position] >= 0 ? norms[position] : unknown;
        }
        int size = Math.min(count, norms.length);
        int[] drawn = systematic(
                probabilities(size, norms), size, round.seed("client selection").generator());
        return Arrays.stream(drawn).mapToObj(available::id).toList();
    }

    /**
     * Returns the probabilities that sum to a count, in proportion to norms but for those that would be above 1.
     *
     * @param count at most the number of norms
     * @param norms at least 0; if they are all 0, or too few are not, the others share what is left equally
     */
    public static double[] probabilities(int count, double... norms) {
        Check.inRange("count", 0, norms.length, count);
        double[] sorted = norms.clone();
        Arrays.sort(sorted);
        double[] sums = new double[norms.length + 1]; // of the smallest so many
        for (int i = 0; i < norms.length; i++) {
            sums[i + 1] = sums[i] + sorted[i];
        }
        int certain = 0;
        while (certain < count
                && sums[norms.length - certain] > 0
                && (count - certain) * sorted[norms.length - 1 - certain] >= sums[norms.length - certain]) {
            certain++;
        }
        double below = sums[norms.length - certain]; // of norms whose probability is below 1
        double least = certain == 0 ? Double.POSITIVE_INFINITY : sorted[norms.length - certain];
        double[] probabilities = new double[norms.length];
        int left = certain;
        for (int i = norms.length - 1; i >= 0 && left > 0; i--) { // those above the least for sure, ties by position
            if (norms[i] > least) {
                probabilities[i] = 1;
                left--;
            }
        }
        for (int i = 0; i < norms.length && left > 0; i++) {
            if (norms[i] == least) {
                probabilities[i] = 1;
                left--;
            }
        }
        for (int i = 0; i < norms.length; i++) {
            if (probabilities[i] == 0) {
                probabilities[i] = below > 0
                        ? (count - certain) * norms[i] / below
                        : (double) (count - certain) / (norms.length - certain);
            }
        }
        return probabilities;
    }

    /**
     * Draws exactly a count of positions, in a random order of all, each with its probability; these sum to the count.
     */
    private static int[] systematic(double[] probabilities, int count, RandomGenerator random) {
        int[] order = Sampling.permutation(probabilities.length, random);
        double next = random.nextDouble();
        double sum = 0;
        int[] drawn = new int[count];
        int found = 0;
        for (int i = 0; i < order.length && found < count; i++) {
            sum += probabilities[order[i]];
            boolean mustBe = order.length - i == count - found; // where rounding lost the last one
            if (sum > next + found || mustBe) {
                drawn[found++] = order[i];
            }
        }
        Arrays.sort(drawn);
        return drawn;
    }

    private static ClientColumn norms(StrategyState state, RoundContext round) {
        return ColumnUpdate.column(state, NORM, round.clientCount(), -1);
    }

    @Override
    public Set<Fact<?>> needs() {
        return Set.of(TrainingFacts.UPDATE_NORM, TrainingFacts.SQUARED_LOSS);
    }

    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return state.with(
                NORM,
                ColumnUpdate.changed(
                        norms(state, round),
                        Learned.accepted(receipts),
                        (old, known) -> known.find(TrainingFacts.UPDATE_NORM)
                                .orElseGet(() -> Math.sqrt(
                                        known.find(TrainingFacts.SQUARED_LOSS).orElse(1.0)))));
    }
}
