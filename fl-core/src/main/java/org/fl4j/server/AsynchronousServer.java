package org.fl4j.server;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientOrder;
import org.fl4j.message.Facts;
import org.fl4j.message.Note;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * Runs clients asynchronously on a simulated clock: so many train at any time, each on the model that was newest when
 * it started, and whoever is done is followed by another. A round is a server step: it takes the next so many arrivals
 * (the buffer of FedBuff; 1 is FedAsync). Arrivals that are too stale are rejected and were never trained.
 *
 * <p>Everything is decided by the durations, so the result depends on no worker count; who is under way, the models
 * they started from and the clock are part of the state, so that a resume goes on exactly. That state is O(model) for
 * each version in use. Clients that end at the same time arrive in the order of their ids.
 */
public final class AsynchronousServer extends ForwardingServer {
    private static final String RUNNING = "async/running";
    private static final int COLUMNS = 4; // of the table of those under way: client, version, start, end
    private static final String MODEL = "async/model ";
    private static final String INTEGERS = "async/integers ";

    private static final Note<Course> COURSE = new Note<>("async/course", Course.class);

    private final AsynchronousRules rules;
    private final Clock time;

    /** A client under way, or arrived. */
    private record InFlight(ClientId client, int version, double start, double end) {
        static final Comparator<InFlight> IN_ORDER =
                Comparator.comparingDouble(InFlight::end).thenComparing(InFlight::client);

        Facts times() {
            return Clock.facts(end - start, end);
        }
    }

    /** What happens in a round, known before it is computed. */
    private record Course(
            Map<ClientId, InFlight> arrived,
            List<InFlight> stale,
            List<ClientId> lost,
            Collection<InFlight> running,
            double clock) {
        Metrics staleness(ServerState state) {
            return arrived.values().stream()
                    .map(run -> Metrics.of("time/staleness", state.round() - run.version(), 1))
                    .reduce(Metrics.none(), Metrics::merge);
        }

        /** Returns how long those took who are done, in time or not. */
        Map<ClientId, Facts> times() {
            Map<ClientId, Facts> times = new TreeMap<>();
            stale.forEach(run -> times.put(run.client(), run.times()));
            arrived.forEach((client, run) -> times.put(client, run.times()));
            return times;
        }

        /** Returns those whose updates are not waited for. */
        List<Rejection> absent(ServerState state, int maxStaleness) {
            List<Rejection> absent = new ArrayList<>();
            stale.forEach(run -> absent.add(new Rejection(
                    run.client(),
                    RejectionReason.STALE,
                    "staleness must be at most " + maxStaleness + ", but was " + (state.round() - run.version()))));
            lost.forEach(client -> absent.add(
                    new Rejection(client, RejectionReason.DROPPED_OUT, "client must be there until it is done")));
            return absent;
        }
    }

    /**
     * Makes a server asynchronous.
     *
     * @param server what aggregates and evaluates; takes updates of the rules' staleness
     * @param rules when it makes a step
     * @param time how long clients take, and when they are there
     */
    public AsynchronousServer(Server server, AsynchronousRules rules, Clock time) {
        super(server);
        this.rules = Check.present("rules", rules);
        this.time = Check.present("time", time);
    }

    /** Returns the model that an update started from, in a state of an asynchronous run. */
    public static ParameterVector startingPoint(ServerState state, int version) {
        if (version == state.round()) {
            return state.model();
        }
        NDArray floats = state.strategy()
                .tensor(MODEL + version)
                .orElseThrow(() -> new IllegalArgumentException(
                        "version must be one that clients of an asynchronous run started from, but was " + version));
        Optional<NDArray> integers = state.strategy().tensor(INTEGERS + version);
        return new ParameterVector(state.model().layout(), floats, integers);
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        Course course = course(state, available, round);
        List<ClientId> cohort = List.copyOf(course.arrived().keySet());
        Map<String, SharedMessage> messages = new TreeMap<>();
        Map<ClientId, ClientOrder> orders = new TreeMap<>();
        course.arrived().forEach((client, run) -> {
            String id = RoundPlan.MODEL + ' ' + run.version();
            messages.computeIfAbsent(id, any -> new SharedMessage(run.version(), startingPoint(state, run.version())));
            orders.put(client, new ClientOrder(id));
        });
        return new RoundPlan(cohort, Integer.MAX_VALUE, messages, orders)
                .withKnown(course.times(), course.absent(state, rules.maxStaleness()))
                .with(COURSE, course);
    }

    private Course course(ServerState state, ClientDirectory available, RoundContext round) {
        PriorityQueue<InFlight> running = new PriorityQueue<>(InFlight.IN_ORDER);
        running.addAll(running(state.strategy()));
        double clock = Clock.of(state);
        double deadline = clock + rules.window();
        Map<ClientId, InFlight> arrived = new LinkedHashMap<>();
        List<InFlight> stale = new ArrayList<>();
        Starter starter = new Starter(state, available, round, stale);
        int retries = 0;
        while (arrived.size() < rules.bufferSize() && clock < deadline) {
            while (running.size() < rules.concurrency() && starter.start(running, arrived.keySet(), clock)) {}
            boolean somebodyMayCome =
                    running.size() < rules.concurrency() && !starter.isExhausted(running, arrived.keySet());
            InFlight next = running.peek();
            if (next == null && !somebodyMayCome) {
                break; // every client is in the buffer, or dropped out
            }
            double retry = somebodyMayCome ? clock + Clock.RETRY_SECONDS : Double.POSITIVE_INFINITY;
            double end = next == null ? Double.POSITIVE_INFINITY : next.end();
            if (Math.min(retry, end) > deadline) {
                break; // who is not done goes on in the next round
            }
            if (retry < end) {
                if (++retries > Clock.MOST_RETRIES) {
                    break;
                }
                clock = retry;
                continue;
            }
            running.remove(next);
            clock = end;
            if (state.round() - next.version() > rules.maxStaleness()) {
                stale.add(next);
            } else {
                arrived.put(next.client(), next);
            }
        }
        if (arrived.size() < rules.bufferSize() && deadline < Double.POSITIVE_INFINITY) {
            clock = deadline;
        } else if (arrived.isEmpty() && stale.isEmpty()) {
            clock += Clock.RETRY_SECONDS; // nobody could be started, or everybody dropped out
        }
        return new Course(arrived, stale, starter.lost, running, clock);
    }

    /** Starts clients of a round one after another. */
    private final class Starter {
        private final ServerState state;
        private final ClientDirectory clients;
        private final RoundContext round;
        private final List<ClientId> lost = new ArrayList<>(); // dropped out: not started again in this round
        private final List<InFlight> stale; // the same: whoever counts what they release counts one a round
        private int started;

        Starter(ServerState state, ClientDirectory clients, RoundContext round, List<InFlight> stale) {
            this.state = state;
            this.stale = stale;
            this.clients = clients;
            this.round = round;
        }

        /** Returns whether all clients run, have arrived, in time or too late, or dropped out. */
        boolean isExhausted(Collection<InFlight> running, Set<ClientId> arrived) {
            return running.size() + arrived.size() + lost.size() + stale.size() >= clients.size();
        }

        /** Starts a client that is there, and neither runs nor has arrived; returns whether there was one. */
        boolean start(Collection<InFlight> running, Set<ClientId> arrived, double now) {
            Set<ClientId> busy = new TreeSet<>(arrived);
            running.forEach(run -> busy.add(run.client()));
            stale.forEach(run -> busy.add(run.client()));
            busy.addAll(lost);
            ClientDirectory idle = time.world().available(clients.without(busy), now);
            if (idle.size() == 0) {
                return false;
            }
            RoundContext draw = new RoundContext(
                    round.number(),
                    round.runSeed().derive("asynchronous start").derive(started++),
                    round.clientCount(),
                    round.updates());
            List<ClientId> selected = CohortRule.select(time.selector(), idle, 1, draw, state.strategy());
            if (selected.isEmpty()) {
                return false; // the selector wants none of those who are there
            }
            Check.that(selected.size() == 1, "clients selected for an asynchronous start", "one", selected);
            ClientId client = selected.get(0);
            double seconds = time.seconds(client, clients, state.model().layout(), round, now);
            if (seconds == Double.POSITIVE_INFINITY) {
                return lost.add(client);
            }
            return running.add(new InFlight(client, state.round(), now, now + seconds));
        }
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        Course course = plan.note(COURSE);
        ServerUpdate update = super.update(state, plan, updates, round);
        ServerState next = update.state();
        return new ServerUpdate(
                next.withStrategy(remembered(state, course, next.strategy())),
                update.accepted(),
                update.rejected(),
                update.metrics()
                        .merge(Metrics.of(Clock.SECONDS, course.clock(), 1))
                        .merge(course.staleness(state)));
    }

    /** Keeps the clock, who is under way, and the models they started from, and drops those that nobody needs. */
    private StrategyState remembered(ServerState state, Course course, StrategyState strategy) {
        Map<String, NDArray> tensors = new TreeMap<>(strategy.tensors());
        tensors.keySet().removeIf(name -> name.startsWith("async/"));
        double[] table = new double[COLUMNS * course.running().size()];
        int i = 0;
        for (InFlight run : course.running()) {
            table[i++] = run.client().index();
            table[i++] = run.version();
            table[i++] = run.start();
            table[i++] = run.end();
            if (state.round() + 1 - run.version() <= rules.maxStaleness()) {
                ParameterVector model = startingPoint(state, run.version());
                boolean older = run.version() < state.round();
                tensors.computeIfAbsent(
                        MODEL + run.version(),
                        name -> older ? model.floats() : model.floats().duplicate());
                model.integers()
                        .ifPresent(array -> tensors.computeIfAbsent(
                                INTEGERS + run.version(), name -> older ? array : array.duplicate()));
            }
        }
        if (table.length > 0) {
            tensors.put(
                    RUNNING,
                    Tensors.create(
                            state.model().floats().getManager(),
                            DoubleBuffer.wrap(table),
                            new Shape(course.running().size(), COLUMNS),
                            DataType.FLOAT64));
        }
        return strategy.withTensors(tensors).with(Clock.SECONDS, course.clock());
    }

    private static List<InFlight> running(StrategyState strategy) {
        List<InFlight> running = new ArrayList<>();
        double[] table = strategy.tensor(RUNNING).map(NDArray::toDoubleArray).orElse(new double[0]);
        for (int i = 0; i < table.length; i += COLUMNS) {
            running.add(new InFlight(new ClientId((int) table[i]), (int) table[i + 1], table[i + 2], table[i + 3]));
        }
        return running;
    }
}
