package org.fl4j.experiments;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.Check;
import org.fl4j.registry.StrategyRegistry;

/** The values that were given for fields, by their paths, each checked by itself. */
final class Values {
    private final SortedMap<String, List<String>> given;
    private final StrategyRegistry names;

    private Values(SortedMap<String, List<String>> given, StrategyRegistry names) {
        this.given = Collections.unmodifiableSortedMap(given);
        this.names = names;
    }

    /**
     * Checks values.
     *
     * @param values texts, numbers, booleans, or lists of them, by the paths of fields
     */
    static Values of(Map<String, ?> values) {
        StrategyRegistry names = StrategyRegistry.load();
        SortedMap<String, List<String>> checked = new TreeMap<>();
        new TreeMap<>(values).forEach((path, value) -> {
            Field field = FieldTable.find(path).orElseThrow(() -> unknown(path));
            Check.present(path, value);
            List<?> items = value instanceof List<?> list ? list : List.of(value);
            Check.that(
                    field.type() == Field.Type.NAMES || items.size() == 1,
                    path,
                    field.type().words(),
                    items);
            try {
                checked.put(
                        path,
                        items.stream()
                                .map(item -> field.checked(String.valueOf(item), names))
                                .toList());
            } catch (InvalidSettingException e) {
                throw e.name().equals("value") ? new InvalidSettingException(path, e.rule(), e.value()) : e;
            }
        });
        return new Values(checked, names);
    }

    private static InvalidSettingException unknown(String path) {
        List<String> known = FieldTable.all().stream().map(Field::path).sorted().toList();
        return new InvalidSettingException("field", "one of " + known, path, known, null);
    }

    boolean has(String path) {
        return given.containsKey(path);
    }

    /** Returns whether a value was given below a path, such as {@code world}, but for one. */
    boolean hasAnyBelow(String map, String but) {
        return given.keySet().stream().anyMatch(path -> path.startsWith(map + ".") && !path.equals(map + "." + but));
    }

    List<String> list(String path) {
        return given.getOrDefault(path, List.of());
    }

    Optional<String> text(String path) {
        return list(path).stream().findFirst();
    }

    Optional<Integer> whole(String path) {
        return text(path).map(Integer::valueOf);
    }

    Optional<Double> number(String path) {
        return text(path).map(Double::valueOf);
    }

    boolean isTrue(String path) {
        return text(path).filter("true"::equals).isPresent();
    }

    /** Returns the strategy that is named, if one is. */
    <T> Optional<T> named(String path, Class<T> kind) {
        return text(path).map(line -> names.parse(kind, line));
    }

    /** Returns the strategy that is named, or the usual one. */
    <T> T named(String path, Class<T> kind, String usual) {
        return names.parse(kind, text(path).orElse(usual));
    }

    StrategyRegistry names() {
        return names;
    }
}
