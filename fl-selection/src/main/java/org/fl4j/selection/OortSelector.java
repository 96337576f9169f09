package org.fl4j.selection;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
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
import org.fl4j.random.Sampling;
import org.fl4j.random.Smallest;
import org.fl4j.world.ClientTimes;

/**
 * Oort's training selector (Lai, Zhu, Madhyastha and Chowdhury, OSDI 2021, algorithm 1): most of a cohort are clients
 * with a high utility, statistical (high losses) and systemic (not too slow), drawn from the best by their score; the
 * rest are clients that never took part, drawn by how many examples they have. The share of the latter shrinks over the
 * rounds, and a pacer lets slower clients in when the utility of cohorts does not change any more.
 *
 * <p>The score of a client that took part is {@code (min(u, clip) - low) / range + sqrt(uncertainty ln R / L)}, times
 * {@code (T / t)^penalty} if it takes t seconds and more than the preferred T, with R the round and L the client's last
 * one. Durations are those on the run's simulated clock; without one, and for clients never seen, those that were
 * registered, if any.
 *
 * <p>Deviations, all from FedScale's code: a cohort has exactly as many clients as were asked for, topped up at random,
 * at last from the blacklist; the share to explore is rounded up or down at random, and what cannot be explored is
 * exploited; scores are not below 0; rounds and last rounds are counted by one counter; T and the blacklist are of
 * those clients that are there; the utility of clients that never took part is their number of examples; clients that
 * were too slow to be waited for do not count as explored, and their durations are kept; clients that failed are as if
 * they had not been chosen. Costs O(clients) a selection, O(cohort) a round's feedback, and at most 16 bytes a
 * registered client.
 *
 * @param settings its parameters
 * @param registeredSeconds how long a client, by index, is expected to take that was never seen, if that is known
 */
public record OortSelector(OortSettings settings, Optional<IntToDoubleFunction> registeredSeconds)
        implements ClientSelector {
    private static final String UTILITY = "oort/utility";
    private static final String SECONDS = "oort/seconds"; // 0 for unknown
    private static final String LAST = "oort/last round";
    private static final String TURNS = "oort/turns";

    /** Checks for presence. */
    public OortSelector {
        Check.present("settings", settings);
        Check.present("registeredSeconds", registeredSeconds);
    }

    /** Knows no durations of clients that were never seen. */
    public OortSelector(OortSettings settings) {
        this(settings, Optional.empty());
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        int size = Math.min(count, available.size());
        Arms arms = new Arms(available, round, state);
        RandomGenerator random = round.seed("client selection").generator();
        double needed = size * settings.explorationIn(round.number());
        int rounded = (int) (needed + random.nextDouble()); // up or down at random, so that small cohorts explore too
        int unexplored = Math.min(Math.max(rounded, size - arms.played.length), arms.unplayed);
        int explored = Math.min(size - unexplored, arms.played.length);
        int[] exploited = draw(arms.pool(explored), arms::score, explored, random);
        int[] fresh = draw(arms.candidates(unexplored), arms::explorationWeight, unexplored, random);
        return arms.toppedUp(size, random, exploited, fresh)
                .mapToObj(available::id)
                .toList();
    }

    private static int[] draw(int[] positions, IntToDoubleFunction weight, int count, RandomGenerator random) {
        double[] weights = Arrays.stream(positions)
                .mapToDouble(position -> Math.max(1e-12, weight.applyAsDouble(position)))
                .toArray();
        return Arrays.stream(Sampling.weighted(weights, Math.min(count, weights.length), random))
                .map(i -> positions[i])
                .toArray();
    }

    /** The clients of one selection, by position in the directory. */
    final class Arms {
        private final ClientDirectory available;
        private final ClientColumn utility;
        private final ClientColumn seconds;
        private final ClientColumn last;
        private final ClientColumn turns;
        private final int[] blacklist; // positions, ascending
        private final int[] played; // positions of those that took part and are not on the blacklist
        private final int unplayed;
        private final double preferred;
        private final double low;
        private final double clip;
        private final double range;
        private final double bonus;

        Arms(ClientDirectory available, RoundContext context, StrategyState state) {
            this.available = available;
            int round = context.number();
            int clients = context.clientCount();
            utility = ColumnUpdate.column(state, UTILITY, clients, 0);
            seconds = ColumnUpdate.column(state, SECONDS, clients, 0);
            last = ColumnUpdate.column(state, LAST, clients, 0);
            turns = ColumnUpdate.column(state, TURNS, clients, 0);
            blacklist = blacklist(clients);
            int size = available.size();
            float[] rewards = new float[size];
            float[] durations = new float[size];
            int[] chosenBefore = new int[size];
            int positive = 0;
            int timed = 0;
            int before = 0;
            int fresh = 0;
            float least = Float.POSITIVE_INFINITY;
            float most = 0;
            for (int position = 0; position < size; position++) {
                double duration = duration(position);
                if (duration > 0) {
                    durations[timed++] = (float) duration;
                }
                if (isBlacklisted(position)) {
                    continue;
                }
                boolean hasPlayed = turns.get(available.index(position)) > 0;
                if (hasPlayed) {
                    chosenBefore[before++] = position;
                } else {
                    fresh++;
                }
                float reward = (float) reward(position);
                if (reward > 0) {
                    rewards[positive++] = reward;
                    least = Math.min(least, reward);
                    most = Math.max(most, reward);
                }
            }
            played = Arrays.copyOf(chosenBefore, before);
            unplayed = fresh;
            double percentile = Pacer.percentile(state, settings);
            preferred = percentile >= 100 || timed == 0
                    ? Double.POSITIVE_INFINITY
                    : Ranking.statistic(durations, timed, (int) (timed * percentile / 100));
            low = positive == 0 ? 0 : .999 * least;
            clip = positive == 0 ? 0 : Ranking.statistic(rewards, positive, (int) (positive * settings.clipQuantile()));
            range = Math.max(most - low, 1e-4);
            bonus = settings.uncertainty() * Math.log(round);
        }

        double preferredSeconds() {
            return preferred;
        }

        private int[] blacklist(int clients) {
            if (settings.mostTurns() == Integer.MAX_VALUE) {
                return new int[0];
            }
            Smallest most = new Smallest((int) (settings.longestBlacklist() * clients));
            for (int position = 0; position < available.size(); position++) {
                float count = turns.get(available.index(position));
                if (count > settings.mostTurns()) {
                    most.offer(-count, position);
                }
            }
            int[] positions = most.ids();
            Arrays.sort(positions);
            return positions;
        }

        private boolean isBlacklisted(int position) {
            return blacklist.length > 0 && Arrays.binarySearch(blacklist, position) >= 0;
        }

        /** Seconds as seen, or else as registered, or else 0. */
        private double duration(int position) {
            int client = available.index(position);
            double seen = seconds.get(client);
            return seen > 0 || registeredSeconds.isEmpty()
                    ? seen
                    : registeredSeconds.get().applyAsDouble(client);
        }

        /** The utility, or of one that never took part the number of examples. */
        private double reward(int position) {
            int client = available.index(position);
            return turns.get(client) > 0 ? utility.get(client) : available.examplesAt(position);
        }

        private double slowness(int position) {
            double duration = duration(position);
            return duration > preferred ? Math.pow(preferred / duration, settings.slownessPenalty()) : 1;
        }

        double score(int position) {
            int client = available.index(position);
            double statistical = (Math.min(reward(position), clip) - low) / range;
            return Math.max(0, statistical + Math.sqrt(bonus / last.get(client))) * slowness(position);
        }

        double explorationWeight(int position) {
            return reward(position) * slowness(position);
        }

        /** Positions of the best: all above the cut-off, and below it until there are enough. */
        int[] pool(int needed) {
            if (needed == 0) {
                return new int[0];
            }
            int least = (int) Math.min(played.length, (long) settings.leastPool() * needed + 1);
            int rank = Math.min(needed, played.length - 1);
            Smallest best = new Smallest(Math.max(least, rank + 1));
            for (int position : played) {
                best.offer(-score(position), position);
            }
            int[] first = best.ids();
            double cutOff = score(first[rank]) * settings.cutOff();
            int[] above = Arrays.stream(played)
                    .filter(position -> score(position) >= cutOff)
                    .toArray();
            return above.length >= least ? above : Arrays.copyOf(first, least);
        }

        /** Positions of those that never took part with the highest weights. */
        int[] candidates(int needed) {
            Smallest best = new Smallest((int) Math.min(unplayed, Math.floor(settings.sampleWindow() * needed)));
            if (needed > 0) {
                for (int position = 0; position < available.size(); position++) {
                    if (turns.get(available.index(position)) == 0 && !isBlacklisted(position)) {
                        best.offer(-explorationWeight(position), position);
                    }
                }
            }
            return best.ids();
        }

        /** All that were drawn, ascending, and as many others at random as are missing; from the blacklist at last. */
        IntStream toppedUp(int size, RandomGenerator random, int[]... drawn) {
            int[] chosen =
                    Arrays.stream(drawn).flatMapToInt(Arrays::stream).sorted().toArray();
            int missing = size - chosen.length;
            if (missing == 0) {
                return Arrays.stream(chosen);
            }
            double[] weights = new double[available.size()];
            Arrays.fill(weights, 1);
            Arrays.stream(chosen).forEach(position -> weights[position] = -1);
            int[] others = IntStream.range(0, weights.length)
                    .filter(position -> weights[position] > 0)
                    .toArray();
            double[] left = Arrays.stream(others)
                    .mapToDouble(position -> isBlacklisted(position) ? 0 : 1)
                    .toArray();
            IntStream added =
                    Arrays.stream(Sampling.weighted(left, missing, random)).map(i -> others[i]);
            return IntStream.concat(Arrays.stream(chosen), added).sorted();
        }
    }

    @Override
    public Set<Fact<?>> needs() {
        return settings.losses().needs();
    }

    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        int clients = round.clientCount();
        Map<ClientId, Facts> accepted = Learned.accepted(receipts);
        ClientColumn turns = ColumnUpdate.column(state, TURNS, clients, 0);
        double sum = 0;
        int again = 0;
        int told = 0;
        for (Map.Entry<ClientId, Facts> client : accepted.entrySet()) {
            OptionalDouble value = settings.losses().of(client.getValue());
            told += value.isPresent() ? 1 : 0;
            if (value.isPresent() && turns.get(client.getKey().index()) > 0) {
                sum += value.getAsDouble();
                again++;
            }
        }
        Check.that(
                told > 0 || accepted.isEmpty(),
                "clients of a round under Oort that measured finite losses",
                "one at least, or there is nothing to choose by",
                told);
        StrategyState next = state.with(
                        UTILITY,
                        ColumnUpdate.changed(
                                ColumnUpdate.column(state, UTILITY, clients, 0),
                                accepted,
                                (old, known) -> settings.losses().of(known).orElse(old)))
                .with(
                        SECONDS,
                        seconds(
                                seconds(ColumnUpdate.column(state, SECONDS, clients, 0), accepted),
                                Learned.missed(receipts)))
                .with(
                        LAST,
                        ColumnUpdate.changed(
                                ColumnUpdate.column(state, LAST, clients, 0), accepted, (old, known) -> round.number()))
                .with(TURNS, ColumnUpdate.changed(turns, accepted, (old, known) -> old + 1));
        return Pacer.after(next, round.number(), again == 0 ? 0 : sum / again, settings);
    }

    /** Keeps how slow clients were; those that were not waited for stay as explored or unexplored as they are. */
    private static ClientColumn seconds(ClientColumn column, Map<ClientId, Facts> clients) {
        return ColumnUpdate.changed(
                column, clients, (old, known) -> known.find(ClientTimes.SECONDS).orElse((double) old));
    }
}
