package org.fl4j.privacy.local;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.StrategyState;
import org.fl4j.core.TrainingTask;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Tensors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Another server, with each client's privacy cost in the state: every update that is sent is charged, accepted or not, and clients
 * that cannot pay for their next task are not chosen. Costs O(clients) a round.
 */
final class LedgerServer implements Server {
    private static final Logger LOG = LoggerFactory.getLogger(LedgerServer.class);
    private static final String ACCOUNTS = "privacy/accounts";
    private static final String LEFT = "privacy/clients left";

    private final Server server;
    private final ClientLedger ledger;
    private final Optional<PrivacyLog> log;
    private final Map<List<Double>, Double> known = new HashMap<>(); // epsilons of accounts, for many are alike

    private LedgerServer(Server server, ClientLedger ledger, Optional<PrivacyLog> log) {
        this.server = server;
        this.ledger = ledger;
        this.log = log;
    }

    /** Puts the ledger around a run's server, and ends the run when no client can pay any more. */
    static void install(SimulationBuilder builder, ClientLedger ledger, Optional<PrivacyLog> log) {
        builder.server((server, states, updates) -> new LedgerServer(server, ledger, log))
                .stopRule(history -> !history.isEmpty()
                        && history.get(history.size() - 1).metrics().value(LEFT) == 0);
        log.ifPresent(builder::listener);
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

    private double spent(double... account) {
        return known.computeIfAbsent(Arrays.stream(account).boxed().toList(), any -> ledger.spent(account));
    }

    private boolean pays(double[] account, ClientId client, RoundContext round) {
        return spent(ledger.charged(account, ledger.next(client, round))) <= ledger.epsilon();
    }

    @Override
    public ServerState initialState() {
        return server.initialState();
    }

    @Override
    public List<ClientId> select(ServerState state, ClientDirectory available, RoundContext round) {
        known.clear();
        double[][] accounts = accounts(state, round.clientCount());
        Set<ClientId> spent = new HashSet<>();
        for (int i = 0; i < available.size(); i++) {
            ClientId client = available.id(i);
            if (!pays(accounts[client.index()], client, round)) {
                spent.add(client);
            }
        }
        Check.that(spent.size() < available.size(), "clients whose budget pays for a task", "one at least", 0);
        return server.select(state, available.without(spent), round);
    }

    @Override
    public TrainingTask broadcast(ServerState state, ClientId client, RoundContext round) {
        return server.broadcast(state, client, round);
    }

    @Override
    public ServerUpdate update(ServerState state, Iterable<ModelUpdate> updates, RoundContext round) {
        TreeMap<ClientId, Metrics> sent = new TreeMap<>();
        Iterable<ModelUpdate> watched = () -> StreamSupport.stream(updates.spliterator(), /* parallel= */ false)
                .peek(update -> sent.put(update.client(), update.metrics()))
                .iterator();
        ServerUpdate update = server.update(state, watched, round);
        double[][] accounts = accounts(state, round.clientCount());
        sent.forEach((client, metrics) -> charge(accounts[client.index()], client, metrics, round));
        double highest = Arrays.stream(accounts).mapToDouble(this::spent).max().orElse(0);
        int left = 0;
        for (int i = 0; i < accounts.length; i++) {
            left += pays(accounts[i], new ClientId(i), round) ? 1 : 0;
        }
        Metrics metrics = update.metrics()
                .merge(Metrics.of("privacy/epsilon", highest, 1))
                .merge(Metrics.of(LEFT, left, 1));
        ServerState next = update.state();
        StrategyState terms = ledger.terms().agreed(round, next.strategy());
        ServerState charged = new ServerState(next.round(), next.model(), terms.with(ACCOUNTS, array(accounts, next)));
        return new ServerUpdate(charged, update.accepted(), update.rejected(), metrics);
    }

    private void charge(double[] account, ClientId client, Metrics sent, RoundContext round) {
        PrivacyEvent event = ledger.released(sent);
        double[] next = ledger.charged(account, event);
        PrivacyRecord release = new PrivacyRecord(
                round.number(),
                client,
                event,
                sent.value("privacy/noise scale"),
                spent(ledger.charged(new double[account.length], event)),
                spent(next));
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

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return server.evaluate(state, round);
    }
}
