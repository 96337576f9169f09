package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.core.UpdateStore;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;

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
            Metrics seen = observer.observe(round);
            seen.values()
                    .keySet()
                    .forEach(name -> Check.that(
                            name.startsWith(RoundObserver.PREFIX),
                            "name of what is observed",
                            "one that begins with " + RoundObserver.PREFIX,
                            name));
            all = all.merge(seen);
        }
        return all;
    }
}
