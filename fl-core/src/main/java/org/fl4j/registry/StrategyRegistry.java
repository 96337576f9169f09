package org.fl4j.registry;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.Check;
import org.fl4j.internal.ServiceFiles;

/**
 * Finds strategies by kind and name, and makes them with typed, checked parameters:
 *
 * <pre>{@code
 * StrategyRegistry registry = StrategyRegistry.load();
 * ServerOptimizer adam = registry.create(ServerOptimizer.class, "fedadam", Map.of("learningRate", 0.03));
 * Aggregator krum = registry.parse(Aggregator.class, "multi-krum:byzantine=2,kept=5");
 * }</pre>
 *
 * <p>A name, parameter or value that is not known is an {@link IllegalArgumentException} that lists what is.
 */
public final class StrategyRegistry {
    private static final ServiceFiles PROVIDERS = new ServiceFiles(StrategyProvider.class.getName());

    /** By their names, because this module does not know the others. */
    private static final List<String> OWN_PROVIDERS = List.of(
            "org.fl4j.aggregators.AggregatorStrategies",
            "org.fl4j.aggregators.attack.AttackStrategies",
            "org.fl4j.privacy.PrivacyStrategies",
            "org.fl4j.selection.SelectionStrategies",
            "org.fl4j.compression.CompressionStrategies",
            "org.fl4j.server.ServerStrategies",
            "org.fl4j.client.ClientStrategies",
            "org.fl4j.experiments.ExperimentStrategies",
            "org.fl4j.data.DataStrategies",
            "org.fl4j.model.ModelStrategies",
            "org.fl4j.simulation.SimulationStrategies");

    private final Map<Class<?>, SortedMap<String, NamedStrategy<?>>> byKind = new HashMap<>();

    private StrategyRegistry(Iterable<StrategyProvider> providers) {
        Map<NamedStrategy<?>, String> origins = new HashMap<>();
        for (StrategyProvider provider : providers) {
            for (NamedStrategy<?> strategy : provider.strategies()) {
                origins.put(strategy, provider.getClass().getName());
                NamedStrategy<?> other = byKind.computeIfAbsent(strategy.kind(), kind -> new TreeMap<>())
                        .putIfAbsent(strategy.name(), strategy);
                Check.that(
                        other == null,
                        words(strategy.kind()) + " " + strategy.name(),
                        "added by one provider, " + origins.get(other),
                        provider.getClass().getName());
            }
        }
    }

    /**
     * Returns the registry of all providers on the class path.
     *
     * @throws IllegalStateException if jars were merged in a way that hides some of FL4J's own strategies; the message
     *     names the file that is not whole
     */
    public static StrategyRegistry load() {
        PROVIDERS
                .lost(OWN_PROVIDERS, Thread.currentThread().getContextClassLoader())
                .ifPresent(fault -> {
                    throw new IllegalStateException(fault);
                });
        return new StrategyRegistry(ServiceLoader.load(StrategyProvider.class));
    }

    /** Returns the registry of the given providers only. */
    public static StrategyRegistry of(StrategyProvider... providers) {
        return new StrategyRegistry(List.of(providers));
    }

    /** Returns the names of a kind, such as {@code Aggregator.class}. */
    public SortedSet<String> names(Class<?> kind) {
        return new TreeSet<>(strategies(kind).keySet());
    }

    /** Returns the parameters of a strategy with their defaults, in the order of its documentation. */
    public Map<String, Object> defaults(Class<?> kind, String name) {
        NamedStrategy<?> strategy = find(kind, name);
        Parameters parameters = new Parameters(name, Map.of());
        Check.present(name, strategy.make().apply(parameters));
        return parameters.read();
    }

    /**
     * Makes a strategy.
     *
     * @param kind what it is, such as {@code Aggregator.class}
     * @param name its name, in any case
     * @param given its parameters: numbers, booleans, or texts; those that are missing have their defaults
     * @throws IllegalArgumentException if the name, a parameter, its type or its value is not allowed
     */
    public <T> T create(Class<T> kind, String name, Map<String, ?> given) {
        NamedStrategy<?> strategy = find(kind, name);
        Parameters parameters = new Parameters(strategy.name(), given);
        T made;
        try {
            made = kind.cast(Check.present(name, strategy.make().apply(parameters)));
        } catch (IllegalArgumentException e) {
            String prefix = strategy.name() + ": ";
            String message = String.valueOf(e.getMessage());
            if (message.startsWith(prefix)) {
                throw e;
            }
            throw e instanceof InvalidSettingException invalid
                    ? invalid.within(prefix)
                    : new IllegalArgumentException(prefix + message, e);
        }
        for (String parameter : new TreeSet<>(given.keySet())) {
            if (parameter.equals(Parameters.UNNAMED)) {
                Check.that(
                        !parameters.read().isEmpty(),
                        strategy.name() + ": parameters",
                        "left out, for there are none",
                        given.get(parameter));
            } else {
                Check.oneOf(
                        strategy.name() + ": name of a parameter",
                        parameters.read().keySet(),
                        parameter);
            }
        }
        return made;
    }

    /**
     * Makes a strategy that is written on one line: {@code name}, {@code name:parameter=value,parameter=value}, or
     * {@code name:value} for the value of its first parameter alone.
     *
     * @throws IllegalArgumentException as {@link #create}, or if it is written otherwise
     */
    public <T> T parse(Class<T> kind, String line) {
        return parse(kind, line, Map.of());
    }

    /**
     * Makes a strategy that is written on one line, with further parameters.
     *
     * @param more parameters that the line must not have
     * @throws IllegalArgumentException as {@link #create}, or if it is written otherwise
     */
    public <T> T parse(Class<T> kind, String line, Map<String, ?> more) {
        String[] parts = line.split(":", 2);
        Map<String, Object> given = new TreeMap<>(more);
        if (parts.length == 2) {
            String[] assignments = parts[1].split(",", -1);
            for (int i = 0; i < assignments.length; i++) {
                String[] sides = assignments[i].split("=", 2);
                boolean unnamed = i == 0 && sides.length == 1 && !sides[0].isBlank();
                Check.that(
                        (unnamed || sides.length == 2)
                                && given.put(
                                                unnamed ? Parameters.UNNAMED : sides[0].strip(),
                                                sides[sides.length - 1].strip())
                                        == null,
                        words(kind),
                        "written as name:parameter=value,parameter=value, each parameter once",
                        line);
            }
        }
        return create(kind, parts[0].strip(), given);
    }

    private NamedStrategy<?> find(Class<?> kind, String name) {
        SortedMap<String, NamedStrategy<?>> known = strategies(kind);
        if (known.isEmpty()) {
            throw new IllegalArgumentException(
                    words(kind) + " must be a name that a jar on the class path adds, but was "
                            + name + ", and no jar adds any. FL4J's own names are in fl-aggregators, fl-selection,"
                            + " fl-privacy and fl-compression; a jar adds names by its " + PROVIDERS.path() + ". "
                            + PROVIDERS.remedy());
        }
        String lower = name.toLowerCase(Locale.ROOT);
        if (!known.containsKey(lower)) {
            Check.oneOf(words(kind), known.keySet(), name);
        }
        return known.get(lower);
    }

    private SortedMap<String, NamedStrategy<?>> strategies(Class<?> kind) {
        return byKind.getOrDefault(kind, new TreeMap<>());
    }

    /** Returns {@code server optimizer} for {@code ServerOptimizer}, and {@code model} for {@code ModelFactory}. */
    private static String words(Class<?> kind) {
        boolean factory =
                kind.getEnclosingClass() != null && kind.getSimpleName().equals("Factory");
        return (factory ? kind.getEnclosingClass() : kind)
                .getSimpleName()
                .replaceFirst("(Factory|Source)$", "")
                .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT);
    }
}
