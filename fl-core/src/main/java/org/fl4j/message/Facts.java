package org.fl4j.message;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;

/**
 * What is known of one client's training, immutable.
 *
 * @param values by fact, each of the fact's type, in the order of the names; no two facts have the same name
 */
public record Facts(Map<Fact<?>, Object> values) {
    private static final Facts NONE = new Facts(Map.of());

    /** Checks types and names, and copies the map. */
    public Facts {
        TreeMap<Fact<?>, Object> sorted = new TreeMap<>(Check.present("values", values));
        String last = null;
        for (Map.Entry<Fact<?>, Object> value : sorted.entrySet()) {
            Fact<?> fact = value.getKey();
            if (!fact.type().isInstance(value.getValue()) || fact.name().equals(last)) { // no text but for the failure
                Check.that(
                        fact.type().isInstance(value.getValue()),
                        "value of fact " + fact.name(),
                        "a " + fact.type().getSimpleName(),
                        value.getValue());
                Check.that(false, "facts of the name " + fact.name(), "of one type and source", sorted.keySet());
            }
            last = fact.name();
        }
        values = Collections.unmodifiableSortedMap(sorted); // which makes the next copy cheap
    }

    /** Returns no facts. */
    public static Facts none() {
        return NONE;
    }

    /** Returns one fact. */
    public static <T> Facts of(Fact<T> fact, T value) {
        return new Facts(Map.of(fact, Check.present("value of a fact", value)));
    }

    /** Returns these facts and another, in place of an earlier value. */
    public <T> Facts with(Fact<T> fact, T value) {
        Map<Fact<?>, Object> more = new TreeMap<>(values);
        more.put(fact, value);
        return new Facts(more);
    }

    /** Returns these facts and others, which count where both have one of the same name. */
    public Facts with(Facts others) {
        if (others.values.isEmpty()) {
            return this;
        }
        Set<String> names = others.values.keySet().stream().map(Fact::name).collect(Collectors.toSet());
        Map<Fact<?>, Object> all = new TreeMap<>(values);
        all.keySet().removeIf(fact -> names.contains(fact.name())); // also of another type or source
        all.putAll(others.values);
        return new Facts(all);
    }

    /** Returns those that a condition holds for. */
    public Facts where(Predicate<Fact<?>> condition) {
        for (Fact<?> fact : values.keySet()) {
            if (!condition.test(fact)) {
                Map<Fact<?>, Object> some = new TreeMap<>(values);
                some.keySet().removeIf(condition.negate());
                return new Facts(some);
            }
        }
        return this;
    }

    /** Returns those whose value a condition holds for. */
    public Facts whereValue(Predicate<Object> condition) {
        for (Object value : values.values()) {
            if (!condition.test(value)) {
                Map<Fact<?>, Object> some = new TreeMap<>(values);
                some.values().removeIf(condition.negate());
                return new Facts(some);
            }
        }
        return this;
    }

    /** Returns these facts but those of a source. */
    public Facts without(Fact.Source source) {
        return where(fact -> fact.source() != source);
    }

    /** Returns a value, if it is known. */
    public <T> Optional<T> find(Fact<T> fact) {
        return Optional.ofNullable(fact.type().cast(values.get(fact)));
    }

    /**
     * Returns a value.
     *
     * @throws IllegalArgumentException if it is not known; the message lists the facts that are
     */
    public <T> T get(Fact<T> fact) {
        return find(fact)
                .orElseThrow(() -> new IllegalArgumentException("fact must be one of those known, "
                        + values.keySet().stream().map(Fact::name).toList() + ", but was " + fact.name()));
    }

    /** Returns a number, or NaN if it is not known. */
    public double number(Fact<Double> fact) {
        Object value = values.get(fact);
        return value == null ? Double.NaN : (Double) value;
    }

    /** Returns the numbers among these facts as metrics, each of weight 1; what holds is 1, and what does not is 0. */
    public Metrics asMetrics() {
        Map<String, Metric> numbers = new TreeMap<>();
        addNumbers(numbers, "");
        return numbers.isEmpty() ? Metrics.none() : new Metrics(numbers);
    }

    /** Adds those whose name starts so. */
    void addNumbers(Map<String, Metric> metrics, String prefix) {
        for (Map.Entry<Fact<?>, Object> value : values.entrySet()) {
            String name = value.getKey().name();
            if (name.startsWith(prefix)) {
                if (value.getValue() instanceof Number number) {
                    metrics.put(name, new Metric(number.doubleValue(), 1));
                } else if (value.getValue() instanceof Boolean holds) {
                    metrics.put(name, new Metric(holds ? 1 : 0, 1));
                }
            }
        }
    }
}
