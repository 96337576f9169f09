package org.fl4j.examples.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.world.ClientTimes;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Choosing 1,000 of up to ten million registered clients, a tenth of whom took part before, and learning from the
 * cohort; uniform selection is the baseline.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = "-Xmx3g")
public class SelectionBenchmark {
    private static final int COHORT = 1000;
    private static final RoundPlan PLAN = new RoundPlan(List.of(), 1, Map.of(), Map.of());

    /** How many clients are registered. */
    @Param({"10000", "100000", "1000000", "10000000"})
    public int clients;

    /** Who chooses. */
    @Param({"uniform", "oort", "power-of-choice", "weighted"})
    public String selector;

    private ClientSelector chosen;
    private ClientDirectory directory;
    private StrategyState state;
    private RoundContext round;
    private List<Receipt> receipts;

    /** Registers clients, and has a tenth of them learned about. */
    @Setup
    public void register() {
        chosen = StrategyRegistry.load().parse(ClientSelector.class, selector);
        directory = ClientDirectory.ofRange(clients, i -> 20 + i % 500);
        state = StrategyState.empty();
        for (int number = 1; number <= 10; number++) {
            List<Receipt> part = new ArrayList<>();
            for (int i = number; i < clients; i += 100) {
                part.add(receipt(new ClientId(i)));
            }
            state = chosen.learned(state, PLAN, part, new RoundContext(number, new Seed(1), clients));
        }
        round = new RoundContext(11, new Seed(1), clients);
        receipts = select().stream().map(SelectionBenchmark::receipt).toList();
    }

    private static Receipt receipt(ClientId client) {
        double loss = 1 + client.index() % 97 / 97.0;
        Facts facts = Facts.of(TrainingFacts.EXAMPLES_SEEN, 20L)
                .with(TrainingFacts.LOSS, loss)
                .with(TrainingFacts.SQUARED_LOSS, loss * loss)
                .with(ClientTimes.SECONDS, 1.0 + client.index() % 41);
        return Receipt.of(client, Receipt.Outcome.ACCEPTED, /* modelVersion= */ 0, facts);
    }

    /** Chooses a cohort. */
    @Benchmark
    public List<ClientId> select() {
        return chosen.select(directory, COHORT, round, state);
    }

    /** The yardstick: one pass over what the selector remembers of all clients. */
    @Benchmark
    public double pass() {
        double sum = 0;
        for (ClientColumn column : state.columns().values()) {
            for (int client = 0; client < column.size(); client++) {
                sum += column.get(client);
            }
        }
        return sum;
    }

    /** Learns from one. */
    @Benchmark
    public StrategyState learn() {
        return chosen.learned(state, PLAN, receipts, round);
    }
}
