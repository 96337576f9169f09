package org.fl4j.selection;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Smallest;

/**
 * A bandit over clients (UCB-CS of Cho, Gupta, Joshi and Yagan 2020, arXiv 2012.08009, algorithm 1): takes those with
 * the highest upper bound on the loss, {@code p (L / N + sqrt(2 s^2 ln T / N))}, where L and N are a client's losses
 * and turns discounted by a factor each round, T is the discounted number of rounds, s^2 the largest variance of losses
 * that a client of the last cohort had, and p its share of examples. Who never took part comes first, ties by id. Costs
 * O(clients).
 *
 * <p>Deviation: losses are means over a client's whole local training, and s^2 is the highest of any client so far.
 *
 * @param discount by which earlier rounds count less, in (0, 1]
 */
public record UcbSelector(double discount) implements ClientSelector {
    private static final String LOSSES = "ucb/losses"; // discounted sum, as of the client's last turn
    private static final String TURNS = "ucb/turns"; // the same of turns
    private static final String LAST = "ucb/last"; // the round of its last turn
    private static final String VARIANCE = "ucb/variance";

    /** Checks the discount. */
    public UcbSelector {
        Check.share("discount", discount);
    }

    /** Takes a discount of 0.7, as in the paper. */
    public UcbSelector() {
        this(.7);
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        ClientColumn losses = column(state, LOSSES, round);
        ClientColumn turns = column(state, TURNS, round);
        ClientColumn last = column(state, LAST, round);
        double variance = state.number(VARIANCE).orElse(0.0);
        double rounds =
                discount == 1 ? round.number() - 1 : (1 - Math.pow(discount, round.number() - 1)) / (1 - discount);
        double logRounds = Math.max(0, Math.log(rounds));
        Smallest highest = new Smallest(Math.min(count, available.size()));
        for (int position = 0; position < available.size(); position++) {
            int client = available.index(position);
            double n = turns.get(client) * Math.pow(discount, round.number() - 1 - last.get(client));
            double bound = turns.get(client) == 0
                    ? Double.POSITIVE_INFINITY
                    : available.examplesAt(position)
                            * (losses.get(client) / turns.get(client) + Math.sqrt(2 * variance * logRounds / n));
            highest.offer(-bound, position);
        }
        return Arrays.stream(highest.ids()).sorted().mapToObj(available::id).toList();
    }

    private static ClientColumn column(StrategyState state, String name, RoundContext round) {
        return ColumnUpdate.column(state, name, round.clientCount(), 0);
    }

    @Override
    public Set<Fact<?>> needs() {
        return Set.of(TrainingFacts.LOSS, TrainingFacts.SQUARED_LOSS);
    }

    /** Who was not waited for has a turn without a loss: who is never done is chosen less and less. */
    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        double variance = state.number(VARIANCE).orElse(0.0);
        Map<ClientId, Double> losses = new TreeMap<>();
        for (Map.Entry<ClientId, Facts> client : Learned.accepted(receipts).entrySet()) {
            double loss = client.getValue().find(TrainingFacts.LOSS).orElse(0.0);
            double spread = client.getValue().find(TrainingFacts.SQUARED_LOSS).orElse(0.0) - loss * loss;
            losses.put(client.getKey(), Double.isFinite(loss) ? loss : 0);
            variance = Double.isFinite(spread) ? Math.max(variance, spread) : variance;
        }
        Learned.missed(receipts).keySet().forEach(client -> losses.put(client, 0.0));
        return turns(state, round, losses).with(VARIANCE, variance);
    }

    private StrategyState turns(StrategyState state, RoundContext round, Map<ClientId, Double> losses) {
        ClientColumn last = column(state, LAST, round);
        Map<ClientId, Double> since = new TreeMap<>();
        losses.keySet()
                .forEach(client ->
                        since.put(client, Math.pow(discount, Math.max(0, round.number() - last.get(client.index())))));
        Map<ClientId, double[]> both = new TreeMap<>();
        losses.forEach((client, loss) -> both.put(client, new double[] {since.get(client), loss}));
        return state.with(
                        LOSSES,
                        ColumnUpdate.changed(column(state, LOSSES, round), both, (old, of) -> of[0] * old + of[1]))
                .with(TURNS, ColumnUpdate.changed(column(state, TURNS, round), both, (old, of) -> of[0] * old + 1))
                .with(LAST, ColumnUpdate.changed(last, both, (old, of) -> round.number()));
    }
}
