package org.fl4j.server;

import org.fl4j.internal.TypeNames;

/**
 * Ends a run in which a strategy, such as an aggregator of the user's own, throws an exception or breaks its contract.
 */
public final class StrategyFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private StrategyFailedException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Says that a strategy threw.
     *
     * @param round in which round
     * @param kind what it is, such as {@code aggregator}
     * @param strategy which one; its type is named
     * @param method what it was asked for
     * @param cause what it threw
     */
    public static StrategyFailedException threw(
            int round, String kind, Object strategy, String method, Throwable cause) {
        return new StrategyFailedException(start(round, kind, strategy) + " failed in " + method + ": " + cause, cause);
    }

    /**
     * Says that a strategy broke a rule.
     *
     * @param rule what it must do, and what it did: {@code choose each client once, but chose client 3 twice}
     */
    public static StrategyFailedException broke(int round, String kind, Object strategy, String rule) {
        return new StrategyFailedException(start(round, kind, strategy) + " must " + rule, null);
    }

    private static String start(int round, String kind, Object strategy) {
        return "round " + round + ": " + kind + " " + TypeNames.of(strategy);
    }
}
