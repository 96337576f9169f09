package org.fl4j.selection;

import org.fl4j.message.StrategyState;

/**
 * Oort's pacer: while the utility of cohorts does not change from one window of rounds to the next, slower clients are
 * let in; when it changes very much, fewer are.
 */
final class Pacer {
    private static final String PERCENTILE = "oort/speed percentile";
    private static final String WINDOW = "oort/window"; // of the current window, the sum so far
    private static final String BEFORE = "oort/window before";

    private Pacer() {}

    static double percentile(StrategyState state, OortSettings settings) {
        return state.number(PERCENTILE).orElse(settings.speedPercentile());
    }

    /** Returns the percentile after two windows with these sums of utilities. */
    static double next(double percentile, double before, double window, double delta) {
        double change = Math.abs(window - before);
        if (change <= .1 * before) {
            return Math.min(100, percentile + delta);
        }
        return change >= 5 * before ? Math.max(delta, percentile - delta) : percentile;
    }

    /**
     * Returns the state after a round whose clients that had taken part before had this mean utility; 0 if there were
     * none.
     */
    static StrategyState after(StrategyState state, int round, double utility, OortSettings settings) {
        double window = state.number(WINDOW).orElse(0.0) + utility;
        if (round % settings.pacerRounds() != 0) {
            return state.with(WINDOW, window);
        }
        StrategyState next = state.with(BEFORE, window).with(WINDOW, 0);
        return round < 2 * settings.pacerRounds()
                ? next
                : next.with(
                        PERCENTILE,
                        next(
                                percentile(state, settings),
                                state.number(BEFORE).orElse(0.0),
                                window,
                                settings.pacerDelta()));
    }
}
