package org.fl4j.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientDurations;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;

/**
 * Puts synchronous rounds on a simulated clock. Updates arrive in the order in which clients are done, those that are done at
 * once in the order of their ids. A round ends when the server has enough of them ({@link UpdatePolicy#bufferSize}), when
 * all are there, or at its time-out; who would come later is late and is not trained. The clock is the metric {@code
 * time/seconds} and part of the state.
 */
public final class TimedServer implements Server {
    private static final String CLOCK = "time/seconds";

    private final Server server;
    private final ClientDurations durations;
    private final double timeout;
    private Map<ClientId, Double> arrivals = Map.of(); // of the round between select and update, in their order
    private List<ClientId> late = List.of();

    /**
     * Puts a server on the clock.
     *
     * @param server what selects, aggregates and evaluates
     * @param durations how long clients take
     * @param timeout how long a round may last, in simulated seconds; may be infinite
     */
    public TimedServer(Server server, ClientDurations durations, double timeout) {
        this.server = Check.present("server", server);
        this.durations = Check.present("durations", durations);
        this.timeout = Check.that(timeout > 0, "timeout", "positive", timeout);
    }

    @Override
    public ServerState initialState() {
        return server.initialState();
    }

    @Override
    public List<ClientId> select(ServerState state, ClientDirectory available, RoundContext round) {
        arrivals = new LinkedHashMap<>();
        late = new ArrayList<>();
        Map<ClientId, Double> seconds = new LinkedHashMap<>();
        for (ClientId client : server.select(state, available, round)) {
            seconds.put(client, Check.positive("duration of " + client, durations.seconds(client, round)));
        }
        seconds.entrySet().stream()
                .sorted(Map.Entry.<ClientId, Double>comparingByValue()
                        .thenComparing(Map.Entry.comparingByKey(Comparator.naturalOrder())))
                .forEach(arrival -> {
                    if (arrival.getValue() <= timeout) {
                        arrivals.put(arrival.getKey(), arrival.getValue());
                    } else {
                        late.add(arrival.getKey());
                    }
                });
        return List.copyOf(arrivals.keySet());
    }

    @Override
    public TrainingTask broadcast(ServerState state, ClientId client, RoundContext round) {
        return server.broadcast(state, client, round);
    }

    @Override
    public ServerUpdate update(ServerState state, Iterable<ModelUpdate> updates, RoundContext round) {
        Watched watched = new Watched(updates.iterator());
        ServerUpdate update = server.update(state, () -> watched, round);
        double length = watched.length();
        double clock = state.strategy().number(CLOCK).orElse(0.0) + length;
        List<Rejection> rejected = new ArrayList<>(update.rejected());
        late.forEach(client -> rejected.add(new Rejection(
                client, RejectionReason.LATE, "duration must be at most " + timeout + " s, but was longer")));
        ServerState next = update.state();
        return new ServerUpdate(
                new ServerState(next.round(), next.model(), next.strategy().with(CLOCK, clock)),
                update.accepted(),
                rejected,
                update.metrics().merge(Metrics.of(CLOCK, clock, 1)).merge(Metrics.of("time/round seconds", length, 1)));
    }

    /** Sees how far the server reads. */
    private final class Watched implements Iterator<ModelUpdate> {
        private final Iterator<ModelUpdate> updates;
        private double lastArrival;
        private boolean readToTheEnd;

        Watched(Iterator<ModelUpdate> updates) {
            this.updates = updates;
        }

        @Override
        public boolean hasNext() {
            boolean more = updates.hasNext();
            readToTheEnd |= !more;
            return more;
        }

        @Override
        public ModelUpdate next() {
            ModelUpdate update = updates.next();
            lastArrival = arrivals.getOrDefault(update.client(), lastArrival);
            return update;
        }

        /** Returns how long the round took: until the last update it waited for, or the time-out. */
        double length() {
            if (!readToTheEnd) {
                return lastArrival;
            }
            double allThere = arrivals.values().stream().reduce(0.0, Math::max);
            return late.isEmpty() ? allThere : timeout;
        }
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return server.evaluate(state, round);
    }
}
