package org.fl4j.examples.combination;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.examples.command.PlugInStrategies;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.ResourceUsage;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.AdaptiveTraining;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.OverCommitment;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.World;

/** Everything that has a name, from the registry, so that a new strategy is in the table without being entered here. */
final class Parts {
    /** Without the strategies that tests of this module plug in, which are in no release. */
    private static final StrategyRegistry REGISTRY =
            StrategyRegistry.of(ServiceLoader.load(StrategyProvider.class).stream()
                    .filter(provider ->
                            provider.type() != PlugInStrategies.class && provider.type() != TinyStrategies.class)
                    .map(ServiceLoader.Provider::get)
                    .toArray(StrategyProvider[]::new));

    private static final int ATTACKERS = 2;

    /** Parameters that fit ten clients and three rounds, or that make an effect large enough to be seen in so few. */
    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("mime", "momentum=.5"),
            Map.entry("mira", "threshold=.1,lambda=.1"),
            Map.entry("reptile", "stepSize=.5"),
            Map.entry("perfedavg", "innerRate=.05"),
            Map.entry("gradient-clipping", "threshold=.5"),
            Map.entry("central-dp", "rate=.8,rounds=10,accountant=rdp"),
            Map.entry("dp-sgd", "rate=.3,steps=3,accountant=rdp"),
            Map.entry("dp-ftrl", "cohort=4,epochRounds=2"),
            Map.entry("distributed-dp", "cohort=4,epochRounds=2"),
            Map.entry("centered-clipping", "radius=.001"),
            Map.entry("norm-bounding", "bound=.001"),
            Map.entry("threshold", "least=.01"),
            Map.entry("scaling", "factor=-5"),
            Map.entry("trimmed-mean", "share=.25"),
            Map.entry("oort-testing", "deviation=.5,confidence=.8"),
            Map.entry("poisson", "rate=.7"),
            Map.entry("norm-clipping", "clippingBound=.01"),
            Map.entry("plain", "learningRate=.7"),
            Map.entry("fedadam", "learningRate=.01"),
            Map.entry("fedyogi", "learningRate=.01"),
            Map.entry("fedadagrad", "learningRate=.01"));

    /** Aggregators that weigh by staleness, of which there is none in synchronous rounds. */
    private static final Set<String> FOR_STALE_UPDATES = Set.of("fedbuff", "fedasync");

    private static final World WORLD = REGISTRY.parse(World.class, "lognormal");
    private static final Part ASYNCHRONOUS = clock(
            "asynchronous",
            new Asynchronous(/* concurrency= */ 8, /* bufferSize= */ 4, /* maxStaleness= */ 8, WORLD.durations()));

    /** To calibrate noise takes seconds, so each part is made once. */
    private static final Map<String, Part> MADE = new ConcurrentHashMap<>();

    private Parts() {}

    /** Returns the rows: all algorithms. */
    static List<Part> rows() {
        return named(Part.Kind.ALGORITHM, Algorithm.class);
    }

    /** Returns the columns: no partner, and every partner. */
    static List<Part> columns() {
        List<Part> columns = new ArrayList<>();
        columns.add(Part.NOTHING);
        columns.addAll(rows());
        columns.addAll(named(Part.Kind.AGGREGATOR, Aggregator.class));
        columns.addAll(named(Part.Kind.SERVER_OPTIMIZER, ServerOptimizer.class));
        columns.addAll(named(Part.Kind.SELECTOR, ClientSelector.class));
        columns.addAll(named(Part.Kind.TRANSFORM, UpdateTransform.class));
        columns.addAll(named(Part.Kind.CODEC, Codec.class));
        columns.addAll(named(Part.Kind.ATTACK, Adversary.class));
        columns.addAll(clocks());
        return columns;
    }

    private static <T> List<Part> named(Part.Kind kind, Class<T> type) {
        return REGISTRY.names(type).stream()
                .map(name -> part(kind, type, name, SETTINGS.getOrDefault(name, "")))
                .toList();
    }

    private static <T> Part part(Part.Kind kind, Class<T> type, String name, String settings) {
        String line = settings.isEmpty() ? name : name + ":" + settings;
        return MADE.computeIfAbsent(kind + " " + line, key -> {
            BiConsumer<TinyRun, SimulationBuilder> put = put(REGISTRY.parse(type, line));
            boolean late = FOR_STALE_UPDATES.contains(name);
            return new Part(kind, name, settings, late ? put.andThen(ASYNCHRONOUS.put()) : put);
        });
    }

    /** Returns the usual aggregator without weights, which other aggregators are compared with. */
    static Part plainMean() {
        return part(Part.Kind.AGGREGATOR, Aggregator.class, "fedavg", "weighting=uniform");
    }

    /** Returns a selector that draws without looking at clients, which other selectors are compared with. */
    static Part selector(String name) {
        return part(Part.Kind.SELECTOR, ClientSelector.class, name, "");
    }

    /** Returns the same part with other parameters. */
    static Part with(Part part, String settings) {
        Class<?> type = switch (part.kind()) {
            case ALGORITHM -> Algorithm.class;
            case AGGREGATOR -> Aggregator.class;
            case SERVER_OPTIMIZER -> ServerOptimizer.class;
            case TRANSFORM -> UpdateTransform.class;
            default -> throw new IllegalArgumentException("no other parameters of " + part);
        };
        return part(part.kind(), type, part.name(), settings);
    }

    private static BiConsumer<TinyRun, SimulationBuilder> put(Object made) {
        if (made instanceof Algorithm algorithm) {
            return (tiny, run) -> run.algorithm(algorithm);
        }
        if (made instanceof Aggregator aggregator) {
            return (tiny, run) -> run.aggregator(aggregator);
        }
        if (made instanceof ServerOptimizer optimizer) {
            return (tiny, run) -> run.serverOptimizer(optimizer);
        }
        if (made instanceof ClientSelector selector) {
            return (tiny, run) -> run.selector(selector);
        }
        if (made instanceof UpdateTransform transform) {
            return (tiny, run) -> run.uploadTransform(transform);
        }
        if (made instanceof Codec codec) {
            return (tiny, run) -> run.codec(codec);
        }
        Adversary adversary = (Adversary) made;
        return (tiny, run) -> run.data(tiny.poisoned(adversary, ATTACKERS))
                .aroundAggregator(defence -> adversary.attacked(defence, ATTACKERS));
    }

    private static List<Part> clocks() {
        Algorithm synchronous = new SynchronousTime(WORLD, Double.POSITIVE_INFINITY);
        Algorithm overCommitment = new OverCommitment(/* needed= */ 5, /* factor= */ 1.6);
        ResourceUsage busy = ResourceUsage.of(/* cpu= */ .95, /* memory= */ .5, 8L << 30);
        return List.of(
                clock("synchronous", synchronous),
                clock("over-commitment", synchronous, overCommitment),
                ASYNCHRONOUS,
                clock("adaptive-training", new AdaptiveTraining(round -> busy, AdaptationRule.fedscale())));
    }

    private static Part clock(String name, Algorithm... parts) {
        return new Part(Part.Kind.CLOCK, name, "", (tiny, run) -> List.of(parts).forEach(run::algorithm));
    }
}
