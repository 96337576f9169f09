package org.fl4j.privacy.local;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.server.ForwardingServer;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.DecoratorContext;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunCheck;
import org.fl4j.simulation.ServerDecorator;
import org.fl4j.simulation.ServerLayer;
import org.fl4j.tensor.Tensors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Another server, with each client's privacy cost in the state. Every client that is asked is charged, whether its
 * update is accepted, rejected, late, or not waited for: the server cannot take back what has left a client. A client
 * that fails is charged too, for its update may have been lost on the way; one that drops out on a simulated clock is
 * not. Clients that cannot pay for their next task are not chosen. The other server sees of an update no metrics, and
 * only those facts that tell nothing of the client's data, for what it makes of them would be released. Costs
 * O(clients) a round.
 */
final class LedgerServer extends ForwardingServer {
    private static final Logger LOG = LoggerFactory.getLogger(LedgerServer.class);
    private static final String ACCOUNTS = "privacy/accounts";
    private static final String LEFT = "privacy/clients left";

    private final ClientLedger ledger;
    private final Optional<PrivacyLog> log;

    private LedgerServer(Server server, ClientLedger ledger, Optional<PrivacyLog> log) {
        super(server);
        this.ledger = ledger;
        this.log = log;
    }

    /** Puts a ledger around a run's server, which checks the run that it accounts for. */
    private record Installed(Algorithm algorithm, ClientLedger ledger, Optional<PrivacyLog> log)
            implements ServerDecorator, RunCheck {
        @Override
        public Server decorate(Server server, DecoratorContext run) {
            return new LedgerServer(server, ledger, log);
        }

        @Override
        public void verify(Algorithm.Parts parts) {
            algorithm.verify(parts);
            long ledgers = parts.servers().stream()
                    .filter(server -> server.decorator() instanceof Installed)
                    .count();
            Check.that(ledgers == 1, "ledgers of clients' privacy", "one", ledgers);
            ServerDecorator outermost = parts.servers().stream()
                    .filter(server -> server.layer() == ServerLayer.GATE)
                    .reduce((first, last) -> last)
                    .orElseThrow()
                    .decorator();
            Check.that(
                    outermost instanceof Installed,
                    "last server of layer GATE under a ledger of clients' privacy",
                    "the ledger, which must see whatever leaves a client",
                    outermost.getClass().getSimpleName());
            Check.that(
                    parts.servers().stream()
                            .noneMatch(server -> server.decorator().asks()),
                    "servers under a ledger of clients' privacy",
                    "ones that ask no queries, for answers would leave clients without noise",
                    "one that does");
        }
    }

    /**
     * Puts the ledger around a run's server, and ends the run when no client can pay any more.
     *
     * @param algorithm what checks the run, even if the run does not know it as its algorithm
     */
    static Algorithm.Parts install(
            Algorithm.Parts parts, Algorithm algorithm, ClientLedger ledger, Optional<PrivacyLog> log) {
        Algorithm.Parts counted = parts.server(ServerLayer.GATE, new Installed(algorithm, ledger, log))
                .stopRule(history -> !history.isEmpty() && left(history.get(history.size() - 1)) == 0);
        return log.isPresent() ? counted.listener(log.get()) : counted;
    }

    /** Refuses parts that would get nothing to go by, because the server withholds it from them. */
    static void requireNoReaders(String algorithm, Algorithm.Parts parts) {
        requireNoReader(
                "selector under " + algorithm,
                parts.selector(),
                parts.selector().needs());
        requireNoReader(
                "aggregator under " + algorithm,
                parts.aggregator(),
                parts.aggregator().needs());
        Noise.requireNoBuffers(parts.layout());
    }

    private static void requireNoReader(String name, Object part, Set<Fact<?>> needs) {
        List<String> fromData = needs.stream()
                .filter(fact -> fact.source() == Fact.Source.DATA)
                .map(Fact::name)
                .sorted()
                .toList();
        Check.that(
                fromData.isEmpty(),
                name,
                "one that needs nothing of what clients' data tell, for that is withheld",
                part.getClass().getSimpleName() + ", which needs " + String.join(", ", fromData));
    }

    private static double left(RoundReport report) {
        return report.metrics()
                .find(LEFT)
                .orElseThrow(() -> new IllegalStateException("server of a run with a ledger of clients' privacy must be"
                        + " around the one that it sets, but replaces it: round " + report.round()
                        + " was not charged"));
    }

    /** The accounts of all clients, by index. */
    private double[][] accounts(ServerState state, int clients) {
        double[][] accounts = new double[clients][ledger.numbers()];
        state.strategy().tensor(ACCOUNTS).ifPresent(array -> {
            double[] flat = array.toDoubleArray();
            Check.that(
                    flat.length == clients * ledger.numbers(),
                    "numbers of the accounts before a resume",
                    String.valueOf(clients * ledger.numbers()),
                    flat.length);
            for (int i = 0; i < flat.length; i++) {
                accounts[i / ledger.numbers()][i % ledger.numbers()] = flat[i];
            }
        });
        return accounts;
    }

    private boolean pays(double[] account, ClientId client, int round) {
        return ledger.spent(ledger.charged(account, ledger.next(client, round))) <= ledger.epsilon();
    }

    /** Answers would leave without noise, and nobody would charge them. */
    @Override
    public Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
        Optional<Query> query = super.query(state, available, round);
        Check.that(
                query.isEmpty(),
                "query under a ledger of clients' privacy",
                "left out, for its answers would leave clients without noise",
                query.map(Query::name).orElse("none"));
        return query;
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        double[][] accounts = accounts(state, round.clientCount());
        Set<ClientId> spent = new HashSet<>();
        for (int i = 0; i < available.size(); i++) {
            ClientId client = available.id(i);
            if (!pays(accounts[client.index()], client, round.number())) {
                spent.add(client);
            }
        }
        if (spent.size() == available.size()) {
            boolean others = IntStream.range(0, accounts.length)
                    .anyMatch(index -> pays(accounts[index], new ClientId(index), round.number()));
            Check.that(others, "clients whose budget pays for a task", "one at least", 0);
        }
        return super.plan(state, available.without(spent), round);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        double[][] accounts = accounts(state, round.clientCount());
        Map<ClientId, Receipt> sent = new TreeMap<>();
        UpdateStream charged = () -> StreamSupport.stream(updates.spliterator(), /* parallel= */ false)
                .map(update -> {
                    charge(accounts[update.client().index()], update, round);
                    sent.putIfAbsent(update.client(), update.receipt(Receipt.Outcome.SENT));
                    Facts harmless = update.facts().without(Fact.Source.DATA);
                    return update.with(update.receipt().with(harmless, Metrics.none()));
                })
                .iterator();
        ServerUpdate update = super.update(state, plan, charged, round);
        asked(plan)
                .filter(client -> !sent.containsKey(client))
                .forEach(client -> chargeUnread(accounts, client, round));
        Map<ClientId, Receipt> accepted = new TreeMap<>(update.accepted());
        accepted.replaceAll((client, seen) -> sent.get(client).with(seen.outcome()));
        double highest =
                Arrays.stream(accounts).mapToDouble(ledger::spent).max().orElse(0);
        int left = 0;
        for (int i = 0; i < accounts.length; i++) {
            left += pays(accounts[i], new ClientId(i), round.number() + 1) ? 1 : 0;
        }
        Metrics metrics = update.metrics()
                .merge(Metrics.of("privacy/epsilon", highest, 1))
                .merge(Metrics.of(LEFT, left, 1));
        ServerState next = update.state();
        StrategyState strategy =
                ledger.terms().agreed(round, state.strategy(), next.strategy()).with(ACCOUNTS, array(accounts, next));
        return new ServerUpdate(next.withStrategy(strategy), accepted, update.rejected(), metrics);
    }

    /** Returns everyone who trained or would have, in reality: the cohort, and those who a clock says were late. */
    private static Stream<ClientId> asked(RoundPlan plan) {
        Stream<ClientId> late = plan.absent().stream()
                .filter(rejection -> rejection.reason() != RejectionReason.DROPPED_OUT)
                .map(Rejection::client);
        return Stream.concat(plan.cohort().stream(), late).distinct();
    }

    /** Charges a client whose update the server did not read for what it would release at the least noise. */
    private void chargeUnread(double[][] accounts, ClientId client, RoundContext round) {
        PrivacyEvent event = ledger.next(client, round.number());
        charge(accounts[client.index()], client, event, ledger.scale(event), round);
    }

    private void charge(double[] account, ModelUpdate update, RoundContext round) {
        ClientId client = update.client();
        Facts sent = update.facts();
        PrivacyEvent event = ledger.released(sent);
        double said = sent.number(PrivacyFacts.RELEASE_EPSILON);
        if (said != ledger.cost(event)) {
            throw new IllegalStateException("update of " + client
                    + " must come from the algorithm that charges it, with the fact "
                    + PrivacyFacts.RELEASE_EPSILON.name() + " of " + ledger.cost(event) + ", but that was " + said);
        }
        charge(account, client, event, sent.get(PrivacyFacts.NOISE_SCALE), round);
    }

    private void charge(double[] account, ClientId client, PrivacyEvent event, double scale, RoundContext round) {
        double[] next = ledger.charged(account, event);
        if (ledger.spent(next) > ledger.epsilon()) {
            throw new IllegalStateException("epsilon of " + client + " must be at most its budget, " + ledger.epsilon()
                    + ", but its update of round " + round.number() + " makes it " + ledger.spent(next));
        }
        PrivacyRecord release =
                new PrivacyRecord(round.number(), client, event, scale, ledger.cost(event), ledger.spent(next));
        System.arraycopy(next, 0, account, 0, next.length);
        LOG.atDebug()
                .addKeyValue("round", release.round())
                .addKeyValue("client", client.index())
                .addKeyValue("mechanism", event.mechanism())
                .addKeyValue("scale", release.scale())
                .addKeyValue("epsilon", release.epsilon())
                .addKeyValue("epsilonSoFar", release.epsilonSoFar())
                .log("charged a release");
        log.ifPresent(file -> file.add(release));
    }

    private static NDArray array(double[][] accounts, ServerState state) {
        double[] flat = Arrays.stream(accounts).flatMapToDouble(Arrays::stream).toArray();
        return Tensors.create(
                state.model().floats().getManager(),
                DoubleBuffer.wrap(flat),
                new Shape(accounts.length, accounts[0].length),
                DataType.FLOAT64);
    }
}
