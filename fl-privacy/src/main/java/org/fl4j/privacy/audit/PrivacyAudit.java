package org.fl4j.privacy.audit;

import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.numbers.gamma.RegularizedBeta;
import org.fl4j.internal.Check;

/** Lower bounds on epsilon from the success of attacks. */
public final class PrivacyAudit {
    private static final double LARGEST = 100; // where the search for epsilon ends

    private PrivacyAudit() {}

    /**
     * From many runs with and without one client, and an attacker who guesses which it was: with Clopper and Pearson's
     * bounds on both error rates, {@code epsilon >= ln((1 - FN - delta) / FP)}, or the same with the worlds exchanged
     * (Nasr et al. 2021, arXiv 2101.04535, section 4).
     *
     * @param hits runs with the client that were recognised
     * @param misses runs with it that were not
     * @param falseAlarms runs without it that were taken for runs with it
     * @param rightRefusals runs without it that were recognised
     * @param delta in [0, 1)
     * @param level the probability that the bound is too high, in (0, 1)
     */
    public static double twoWorlds(
            int hits, int misses, int falseAlarms, int rightRefusals, double delta, double level) {
        for (int count : new int[] {hits, misses, falseAlarms, rightRefusals}) {
            Check.atLeast("count of runs", 0, count);
        }
        Check.fraction("delta", delta);
        Check.that(level > 0 && level < 1, "level", "in (0, 1)", level);
        double missRate = upperBound(misses, hits + misses, level / 2);
        double alarmRate = upperBound(falseAlarms, falseAlarms + rightRefusals, level / 2);
        double recognised = Math.max(0, 1 - missRate - delta);
        double refused = Math.max(0, 1 - alarmRate - delta);
        return Math.max(0, Math.log(Math.max(recognised / alarmRate, refused / missRate)));
    }

    /** Clopper and Pearson's upper bound on a probability, of which so many of n trials were seen. */
    static double upperBound(int seen, int n, double level) {
        Check.atLeast("trials", 1, n);
        return seen == n ? 1 : largest(p -> RegularizedBeta.complement(p, seen + 1.0, n - seen) >= level, 0, 1);
    }

    /**
     * From one run into which each of m canaries was put by a coin of its own, and an attacker who guesses r of the
     * coins (Steinke, Nasr and Jagielski 2023, arXiv 2305.08846, theorem 5.2).
     *
     * @param canaries m, at least 1
     * @param guesses r, in [1, m]
     * @param right how many of the guesses were right, in [0, r]
     * @param delta in [0, 1)
     * @param level the probability that the bound is too high, in (0, 1)
     */
    public static double oneRun(int canaries, int guesses, int right, double delta, double level) {
        Check.inRange("guesses", 1, canaries, guesses);
        Check.inRange("right", 0, guesses, right);
        Check.fraction("delta", delta);
        Check.that(level > 0 && level < 1, "level", "in (0, 1)", level);
        DoubleUnaryOperator chance = epsilon -> {
            double correct = 1 / (1 + Math.exp(-epsilon));
            double tail = atLeast(right, guesses, correct);
            double steepest = 0;
            for (int i = 1; delta > 0 && i <= right; i++) {
                steepest = Math.max(steepest, (atLeast(right - i, guesses, correct) - tail) / i);
            }
            return Math.min(1, tail + 2 * canaries * delta * steepest);
        };
        return largest(epsilon -> chance.applyAsDouble(epsilon) < level, 0, LARGEST);
    }

    /** The probability of at least so many successes in n trials. */
    private static double atLeast(int successes, int n, double probability) {
        return successes <= 0 ? 1 : RegularizedBeta.value(probability, successes, n - successes + 1.0);
    }

    /** Returns where a predicate that holds from the low end on ceases to hold; the low end if it never does. */
    private static double largest(DoublePredicate holds, double low, double high) {
        double yes = low;
        double no = high;
        for (int i = 0; i < 100; i++) {
            double middle = (yes + no) / 2;
            if (holds.test(middle)) {
                yes = middle;
            } else {
                no = middle;
            }
        }
        return yes;
    }
}
