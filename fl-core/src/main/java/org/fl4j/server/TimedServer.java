package org.fl4j.server;

import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Note;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;

/**
 * Puts synchronous rounds on a simulated clock. A round begins when somebody is there. Updates arrive in the order in
 * which clients are done, those that are done at once in the order of their ids. A round ends when the server has
 * enough of them ({@link UpdatePolicy#bufferSize}), when all are there that did not drop out, or at its time-out; who
 * would come later is late and is not trained, nor is who drops out. A round in which nobody takes part lasts a minute.
 * The clock is the metric {@code time/seconds} and part of the state.
 */
public final class TimedServer extends ForwardingServer {
    private static final Comparator<Map.Entry<ClientId, Double>> IN_ORDER =
            Map.Entry.<ClientId, Double>comparingByValue()
                    .thenComparing(Map.Entry.comparingByKey(Comparator.naturalOrder()));

    private static final Note<Schedule> SCHEDULE = new Note<>("clock/schedule", Schedule.class);

    private final Clock clock;
    private final double timeout;

    /**
     * What happens in a round, known before it is computed.
     *
     * @param start on the run's clock
     * @param arrivals seconds of those who are in time, in their order
     * @param missing seconds of those who are late, and of those who drop out, infinite
     */
    private record Schedule(double start, Map<ClientId, Double> arrivals, Map<ClientId, Double> missing) {
        boolean someAreLate() {
            return missing.values().stream().anyMatch(Double::isFinite);
        }
    }

    /**
     * Puts a server on the clock.
     *
     * @param server what selects, aggregates and evaluates
     * @param clock how long clients take, and when they are there
     * @param timeout how long a round may last, in simulated seconds; may be infinite
     */
    public TimedServer(Server server, Clock clock, double timeout) {
        super(server);
        this.clock = Check.present("clock", clock);
        this.timeout = Check.that(timeout > 0, "timeout", "positive", timeout);
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory clients, RoundContext round) {
        double start = clock.whenSomebodyIsThere(clients, Clock.of(state));
        RoundPlan asked = super.plan(state, clock.world().available(clients, start), round);
        Map<ClientId, Double> seconds = new LinkedHashMap<>();
        for (ClientId client : asked.cohort()) {
            seconds.put(client, clock.seconds(client, clients, asked.layout(client), round, start));
        }
        Schedule schedule = new Schedule(start, new LinkedHashMap<>(), new LinkedHashMap<>());
        Map<ClientId, Facts> known = new LinkedHashMap<>();
        seconds.forEach((client, taken) -> known.put(client, Clock.facts(taken, start + taken)));
        seconds.entrySet().stream().sorted(IN_ORDER).forEach(arrival -> {
            boolean inTime = arrival.getValue() <= timeout && arrival.getValue() < Double.POSITIVE_INFINITY;
            (inTime ? schedule.arrivals() : schedule.missing()).put(arrival.getKey(), arrival.getValue());
        });
        List<Rejection> absent = schedule.missing().entrySet().stream()
                .map(missing -> absent(missing.getKey(), missing.getValue()))
                .toList();
        return asked.withCohort(List.copyOf(schedule.arrivals().keySet()))
                .withKnown(known, absent)
                .with(SCHEDULE, schedule);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        Schedule schedule = plan.note(SCHEDULE);
        Watched watched = new Watched(updates.iterator(), schedule);
        ServerUpdate update = super.update(state, plan, () -> watched, round);
        double length = watched.length();
        double now = schedule.start() + length;
        ServerState next = update.state();
        return new ServerUpdate(
                next.withStrategy(next.strategy().with(Clock.SECONDS, now)),
                update.accepted(),
                update.rejected(),
                update.metrics()
                        .merge(Metrics.of(Clock.SECONDS, now, 1))
                        .merge(Metrics.of("time/round seconds", length, 1)));
    }

    private Rejection absent(ClientId client, double seconds) {
        return seconds < Double.POSITIVE_INFINITY
                ? new Rejection(
                        client, RejectionReason.LATE, "duration must be at most " + timeout + " s, but was " + seconds)
                : new Rejection(client, RejectionReason.DROPPED_OUT, "client must be there until it is done");
    }

    /** Sees how far the server reads. */
    private final class Watched implements Iterator<ModelUpdate> {
        private final Iterator<ModelUpdate> updates;
        private final Schedule schedule;
        private double lastArrival;
        private boolean readToTheEnd;

        Watched(Iterator<ModelUpdate> updates, Schedule schedule) {
            this.updates = updates;
            this.schedule = schedule;
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
            lastArrival = schedule.arrivals().getOrDefault(update.client(), lastArrival);
            return update;
        }

        /** Returns how long the round took: until the last update it waited for, or the time-out. */
        double length() {
            if (!readToTheEnd) {
                return lastArrival;
            }
            double allThere = schedule.arrivals().values().stream().reduce(0.0, Math::max);
            double length = schedule.someAreLate() ? timeout : allThere;
            return length == 0 ? Clock.RETRY_SECONDS : length; // nobody came: look again later
        }
    }
}
