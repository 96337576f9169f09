package org.fl4j.selection;

import org.fl4j.internal.Check;

/**
 * The parameters of {@link OortSelector}. Start from {@link #paper} or {@link #fedScale} and change what differs.
 *
 * @param exploration the share of a cohort that is explored at first, in [0, 1]
 * @param explorationDecay by which that share shrinks each round, in (0, 1]
 * @param leastExploration where it stops, in [0, 1]
 * @param speedPercentile of clients by duration, that who is slower than is penalised; in [0, 100], and 100 is no
 *     penalty. The pacer moves it
 * @param pacerDelta by how much the pacer moves it, in [0, 100]
 * @param pacerRounds how many rounds a window of the pacer has, at least 1
 * @param slownessPenalty the exponent of the penalty, at least 0
 * @param clipQuantile of utilities, above which they are clipped, in [0, 1]
 * @param cutOff the share of the utility at the cohort's end that clients of the pool must have, in [0, 1]
 * @param leastPool how many times the cohort the pool has at least, below the cut-off if need be, at least 0
 * @param sampleWindow how many unexplored clients are looked at for each that is explored, at least 1
 * @param mostTurns after how many turns a client is put on the blacklist, at least 1; {@link Integer#MAX_VALUE} for
 *     never
 * @param longestBlacklist the largest share of all clients on it, in [0, 1]
 * @param uncertainty the factor of the bonus for clients that were not chosen for long, at least 0
 * @param losses which losses make up a client's utility
 */
public record OortSettings(
        double exploration,
        double explorationDecay,
        double leastExploration,
        double speedPercentile,
        double pacerDelta,
        int pacerRounds,
        double slownessPenalty,
        double clipQuantile,
        double cutOff,
        int leastPool,
        double sampleWindow,
        int mostTurns,
        double longestBlacklist,
        double uncertainty,
        OortUtility losses) {
    /** Checks all. */
    public OortSettings {
        inUnit("exploration", exploration);
        Check.share("explorationDecay", explorationDecay);
        inUnit("leastExploration", leastExploration);
        Check.that(speedPercentile >= 0 && speedPercentile <= 100, "speedPercentile", "in [0, 100]", speedPercentile);
        Check.that(pacerDelta >= 0 && pacerDelta <= 100, "pacerDelta", "in [0, 100]", pacerDelta);
        Check.positive("pacerRounds", pacerRounds);
        Check.notNegative("slownessPenalty", slownessPenalty);
        inUnit("clipQuantile", clipQuantile);
        inUnit("cutOff", cutOff);
        Check.atLeast("leastPool", 0, leastPool);
        Check.that(
                sampleWindow >= 1 && Double.isFinite(sampleWindow),
                "sampleWindow",
                "at least 1 and finite",
                sampleWindow);
        Check.positive("mostTurns", mostTurns);
        inUnit("longestBlacklist", longestBlacklist);
        Check.notNegative("uncertainty", uncertainty);
        Check.present("losses", losses);
    }

    private static void inUnit(String name, double value) {
        Check.that(value >= 0 && value <= 1, name, "in [0, 1]", value);
    }

    /** Returns the defaults of the authors' own code (Lai et al. 2021). */
    public static OortSettings paper() {
        return new OortSettings(
                .9, .95, .2, 10, 5, 20, 2, .98, .7, 0, 5, Integer.MAX_VALUE, .3, .1, OortUtility.ALL_LOSSES);
    }

    /** Returns the defaults of FedScale. */
    public static OortSettings fedScale() {
        return new OortSettings(
                .9, .98, .3, 30, 5, 20, 2, .9, .05, 10, 5, Integer.MAX_VALUE, .3, .1, OortUtility.ALL_LOSSES);
    }

    /** Returns these with another start, decay and end of exploration. */
    public OortSettings exploration(double first, double decay, double least) {
        return new OortSettings(
                first,
                decay,
                least,
                speedPercentile,
                pacerDelta,
                pacerRounds,
                slownessPenalty,
                clipQuantile,
                cutOff,
                leastPool,
                sampleWindow,
                mostTurns,
                longestBlacklist,
                uncertainty,
                losses);
    }

    /** Returns these with another speed percentile, and another exponent of the penalty. */
    public OortSettings speed(double percentile, double penalty) {
        return new OortSettings(
                exploration,
                explorationDecay,
                leastExploration,
                percentile,
                pacerDelta,
                pacerRounds,
                penalty,
                clipQuantile,
                cutOff,
                leastPool,
                sampleWindow,
                mostTurns,
                longestBlacklist,
                uncertainty,
                losses);
    }

    /** Returns these with a blacklist. */
    public OortSettings blacklist(int turns, double longest) {
        return new OortSettings(
                exploration,
                explorationDecay,
                leastExploration,
                speedPercentile,
                pacerDelta,
                pacerRounds,
                slownessPenalty,
                clipQuantile,
                cutOff,
                leastPool,
                sampleWindow,
                turns,
                longest,
                uncertainty,
                losses);
    }

    /** Returns the share of a cohort that is explored in a round, counted from 1. */
    double explorationIn(int round) {
        return Math.max(exploration * Math.pow(explorationDecay, round), leastExploration);
    }
}
