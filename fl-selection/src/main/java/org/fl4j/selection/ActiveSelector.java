package org.fl4j.selection;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
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
 * Active federated learning (Goetz et al. 2019, arXiv 1909.12641, algorithm 1). The value of a client is the root of
 * its number of examples times their mean loss when it last trained. The share {@code cut} of clients with the lowest
 * values is left out. Of the others clients are drawn in proportion to {@code exp(sharpness value)}, and a share of
 * the cohort is drawn from all that are left, all alike. Costs O(clients log clients).
 *
 * <p>Deviations: who never trained has the highest value that there is, and is never cut for it.
 *
 * @param cut alpha 1 of the paper, in [0, 1)
 * @param sharpness alpha 2 of the paper, at least 0
 * @param exploration alpha 3 of the paper, the share of the cohort that is drawn uniformly, in [0, 1]
 */
public record ActiveSelector(double cut, double sharpness, double exploration) implements ClientSelector {
    private static final LastLosses LOSSES = new LastLosses("active/loss");

    /** Checks all. */
    public ActiveSelector {
        Check.fraction("cut", cut);
        Check.notNegative("sharpness", sharpness);
        Check.that(exploration >= 0 && exploration <= 1, "exploration", "in [0, 1]", exploration);
    }

    /** Takes the paper's 0.75, 0.01 and 0.1. */
    public ActiveSelector() {
        this(.75, .01, .1);
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        int wanted = Math.min(Check.positive("count", count), available.size());
        int explored = (int) Math.round(exploration * wanted);
        RandomGenerator random = round.seed("client selection").generator();
        List<Integer> drawn = new ArrayList<>();
        boolean[] taken = new boolean[available.size()];
        for (int position : Sampling.weighted(weights(values(available, state, round)), wanted - explored, random)) {
            drawn.add(position);
            taken[position] = true;
        }
        int[] left = IntStream.range(0, taken.length)
                .filter(position -> !taken[position])
                .toArray();
        for (int i : Sampling.withoutReplacement(left.length, explored, random)) {
            drawn.add(left[i]);
        }
        return drawn.stream().sorted().map(available::id).toList();
    }

    private static double[] values(ClientDirectory available, StrategyState state, RoundContext round) {
        ClientColumn losses = LOSSES.of(state, round);
        double[] values = new double[available.size()];
        double highest = 0;
        for (int position = 0; position < values.length; position++) {
            values[position] = Math.sqrt(available.examplesAt(position)) * losses.get(available.index(position));
            highest = Double.isFinite(values[position]) ? Math.max(highest, values[position]) : highest;
        }
        for (int position = 0; position < values.length; position++) {
            values[position] = Double.isFinite(values[position]) ? values[position] : highest;
        }
        return values;
    }

    /** Returns 0 for those that are cut, of equal values the first. */
    private double[] weights(double... values) {
        double highest = Arrays.stream(values).max().orElse(0);
        double[] weights = Arrays.stream(values)
                .map(value -> Math.exp(sharpness * (value - highest)))
                .toArray();
        IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(position -> values[position]))
                .limit((long) (cut * values.length))
                .forEach(position -> weights[position] = 0);
        return weights;
    }

    @Override
    public Set<Fact<?>> needs() {
        return Set.of(TrainingFacts.LOSS);
    }

    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return LOSSES.learned(state, receipts, round);
    }
}
