package org.fl4j.server;

import java.util.function.Supplier;

/** Calls to strategies whose failures name the round and the strategy. */
final class StrategyCall {
    private StrategyCall() {}

    /**
     * Returns what a strategy answers.
     *
     * @throws StrategyFailedException if it throws, or returns null
     */
    static <T> T ask(int round, String kind, Object strategy, String method, Supplier<T> call) {
        T answer;
        try {
            answer = call.get();
        } catch (StrategyFailedException e) {
            throw e;
        } catch (RuntimeException e) {
            if (e.getCause() instanceof Error) { // a full heap ends a try-with-resources statement so
                throw e;
            }
            throw StrategyFailedException.threw(round, kind, strategy, method, e);
        }
        if (answer == null) {
            throw StrategyFailedException.broke(round, kind, strategy, "answer " + method + ", but returned null");
        }
        return answer;
    }

    /** Runs a strategy that answers nothing. */
    static void run(int round, String kind, Object strategy, String method, Runnable call) {
        ask(round, kind, strategy, method, () -> {
            call.run();
            return true;
        });
    }
}
