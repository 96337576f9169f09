package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Decimals;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Slice;

/** What several kinds of messages have: metrics, facts, and what slots hold, each written and read. */
final class WireParts {
    private static final String METRIC = "metric/";
    private static final String FACT = "fact/";
    private static final String SLICED = "sliced";
    private static final String SLICE = "slice/"; // and the name of a parameter
    private static final String KEPT = "kept/";

    private WireParts() {}

    static void write(Metrics metrics, Draft draft) {
        metrics.values().forEach((name, metric) -> draft.text(METRIC + name, metric.sum() + " " + metric.weight()));
    }

    static Metrics metrics(Fields fields) throws IOException {
        Map<String, Metric> metrics = new TreeMap<>();
        for (Map.Entry<String, String> text : fields.texts(METRIC).entrySet()) {
            Metric metric = fields.parsed(METRIC + text.getKey(), text.getValue(), "a sum and a weight", pair -> {
                String[] both = pair.split(" ", 2);
                return new Metric(Decimals.parse(both[0]), Decimals.parse(both.length == 2 ? both[1] : ""));
            });
            metrics.put(text.getKey(), metric);
        }
        return new Metrics(metrics);
    }

    static void write(Optional<Slice> slice, Draft draft) {
        slice.ifPresent(part -> {
            draft.text(SLICED, "yes");
            part.texts().forEach((parameter, ranges) -> draft.text(SLICE + parameter, ranges));
        });
    }

    static Optional<Slice> slice(Fields fields) throws IOException {
        Map<String, String> texts = fields.texts(SLICE);
        boolean sliced = fields.find(SLICED).isPresent() || !texts.isEmpty();
        return sliced ? Optional.of(WireForm.sound(SLICED, () -> Slice.parse(texts))) : Optional.empty();
    }

    static void write(Facts facts, Draft draft) {
        facts.values()
                .forEach((fact, value) -> draft.text(
                        FACT + fact.source() + '/' + fact.type().getSimpleName() + '/' + fact.name(), value));
    }

    static Facts facts(Fields fields) throws IOException {
        try {
            return factsOf(fields);
        } catch (IllegalArgumentException e) { // such as a name without letters
            throw new IOException(WireForm.UPDATE + ": " + e.getMessage(), e);
        }
    }

    private static Facts factsOf(Fields fields) throws IOException {
        Map<Fact<?>, Object> facts = new HashMap<>();
        for (Map.Entry<String, String> text : fields.texts(FACT).entrySet()) {
            String key = FACT + text.getKey();
            String[] parts = text.getKey().split("/", 3);
            if (parts.length < 3) {
                throw new IOException(WireForm.UPDATE + ": " + key + " must be of source, type and name, but is not");
            }
            Fact.Source source = fields.constant(key, parts[0], Fact.Source.class);
            switch (parts[1]) {
                case "Double" ->
                    facts.put(
                            new Fact<>(parts[2], Double.class, source),
                            fields.parsed(key, text.getValue(), "a number", Decimals::parse));
                case "Long" ->
                    facts.put(
                            new Fact<>(parts[2], Long.class, source),
                            fields.parsed(key, text.getValue(), "a whole number", Long::valueOf));
                case "Boolean" ->
                    facts.put(
                            new Fact<>(parts[2], Boolean.class, source),
                            fields.parsed(key, text.getValue(), "true or false", WireParts::truth));
                case "String" -> facts.put(new Fact<>(parts[2], String.class, source), text.getValue());
                default ->
                    throw new IOException(
                            WireForm.UPDATE + ": " + key + " must be a Double, Long, Boolean or String, but is not");
            }
        }
        return new Facts(facts);
    }

    private static boolean truth(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        };
    }

    /** Writes each slot's owner, numbers and arrays. */
    static void write(Map<Slot, StrategyState> states, Draft draft) {
        states.forEach((slot, state) -> {
            draft.text(KEPT + "owner/" + slot.name(), slot.owner());
            state.numbers().forEach((name, value) -> draft.text(KEPT + "number/" + slot.name() + '/' + name, value));
            state.tensors().forEach((name, array) -> draft.array(KEPT + slot.name() + '/' + name, array));
        });
    }

    static Map<Slot, StrategyState> states(Fields fields) throws IOException {
        Map<Slot, StrategyState> states = new HashMap<>();
        for (Map.Entry<String, String> owner : fields.texts(KEPT + "owner/").entrySet()) {
            String name = owner.getKey();
            Slot.Owner whose = fields.constant(KEPT + "owner/" + name, owner.getValue(), Slot.Owner.class);
            Map<String, Double> numbers = fields.numbers(KEPT + "number/" + name + '/');
            Map<String, NDArray> arrays = fields.arrays(KEPT + name + '/');
            states.put(WireForm.sound(KEPT, () -> new Slot(name, whose)), new StrategyState(arrays, numbers));
        }
        return states;
    }
}
