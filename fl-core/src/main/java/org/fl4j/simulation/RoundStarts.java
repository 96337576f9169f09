package org.fl4j.simulation;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.UpdateStore;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.StrategyFailedException;

/**
 * Begins rounds: says where a run is, and looks at the world outside before anything is decided.
 *
 * @param seed of the run
 * @param clients all of the run
 * @param updates where updates wait for the end of a round
 * @param observers who look
 * @param recorded what a round measured when the run that is replayed ran it, by number: observers are not asked again
 */
record RoundStarts(
        Seed seed,
        ClientDirectory clients,
        UpdateStore updates,
        List<RoundObserver> observers,
        IntFunction<Optional<Metrics>> recorded) {
    /** Begins the round after a state. */
    RoundContext after(ServerState state) {
        int number = state.round() + 1;
        Metrics observed = recorded.apply(number)
                .map(known -> known.startingWith(RoundObserver.PREFIX))
                .orElseGet(() -> observed(number));
        return new RoundContext(number, seed, clients.size(), updates, observed);
    }

    private Metrics observed(int round) {
        Metrics all = Metrics.none();
        for (RoundObserver observer : observers) {
            for (Map.Entry<String, Metric> seen :
                    seenBy(observer, round).values().entrySet()) {
                require(observer, round, seen.getKey(), all);
                all = all.merge(new Metrics(Map.of(seen.getKey(), seen.getValue())));
            }
        }
        return all;
    }

    private static void require(RoundObserver observer, int round, String name, Metrics known) {
        if (!name.startsWith(RoundObserver.PREFIX)) {
            throw broke(observer, round, "give names that begin with " + RoundObserver.PREFIX + ", but gave " + name);
        }
        if (known.values().containsKey(name)) {
            throw broke(observer, round, "give names that no other observer gives, but gave " + name);
        }
    }

    private static Metrics seenBy(RoundObserver observer, int round) {
        try {
            Metrics seen = observer.observe(round);
            if (seen != null) {
                return seen;
            }
        } catch (RuntimeException e) {
            if (Failures.unwrapped(e) instanceof Error) {
                throw e;
            }
            throw StrategyFailedException.threw(round, "observer", observer, "observe", e);
        }
        throw broke(observer, round, "answer observe, but returned null");
    }

    private static StrategyFailedException broke(RoundObserver observer, int round, String rule) {
        return StrategyFailedException.broke(round, "observer", observer, rule);
    }
}
