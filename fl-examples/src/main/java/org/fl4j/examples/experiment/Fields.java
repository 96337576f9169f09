package org.fl4j.examples.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.Decimals;

/** Reads the fields of a map one by one; to read one is to declare it, so that others are refused. */
final class Fields {
    private final Path file;
    private final Node map;
    private final String path;
    private final TreeSet<String> known = new TreeSet<>();

    Fields(Path file, Node map, String path) {
        this.file = file;
        this.map = map;
        this.path = path;
        if (map.fields().isEmpty()) {
            throw new ExperimentException(file, map.line(), path, "value must be a map, but was " + map.kind());
        }
    }

    private String full(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private Optional<Node> node(String name) {
        known.add(name);
        return Optional.ofNullable(map.fields().orElseThrow().get(name));
    }

    private <T> Optional<T> scalar(String name, String rule, Function<String, T> parse) {
        return node(name).map(node -> {
            String text = node.text()
                    .orElseThrow(() -> new ExperimentException(
                            file, node.line(), full(name), "value must be " + rule + ", but was " + node.kind()));
            try {
                return parse.apply(text);
            } catch (NumberFormatException e) {
                throw new ExperimentException(
                        file, node.line(), full(name), "value must be " + rule + ", but was " + text);
            } catch (IllegalArgumentException e) {
                throw new ExperimentException(file, node.line(), full(name), suggesting(e));
            }
        });
    }

    Optional<String> text(String name) {
        return scalar(name, "text", text -> text);
    }

    /** Text that something must understand. */
    Optional<String> text(String name, Consumer<String> understand) {
        return scalar(name, "text", text -> {
            understand.accept(text);
            return text;
        });
    }

    Optional<Integer> integer(String name) {
        return scalar(name, "a whole number", Integer::valueOf);
    }

    Optional<Long> longInteger(String name) {
        return scalar(name, "a whole number", Long::valueOf);
    }

    Optional<Double> number(String name) {
        return scalar(name, "a number", Decimals::parse);
    }

    Optional<Boolean> yesOrNo(String name) {
        return scalar(name, "true or false", text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new NumberFormatException(text);
        });
    }

    /** A map of its own fields; an empty one if it is not there. */
    Fields map(String name) {
        return new Fields(
                file,
                node(name).orElse(new Node(map.line(), Optional.empty(), Optional.of(Map.of()), Optional.empty())),
                full(name));
    }

    /** Whole numbers, at least one. */
    Optional<List<Long>> integers(String name) {
        return node(name).map(node -> {
            List<Node> items = node.items()
                    .filter(list -> !list.isEmpty())
                    .orElseThrow(() -> new ExperimentException(
                            file,
                            node.line(),
                            full(name),
                            "value must be a list of whole numbers, but was " + node.kind()));
            List<Long> numbers = new ArrayList<>();
            for (Node item : items) {
                try {
                    numbers.add(Long.valueOf(item.text().orElse("")));
                } catch (NumberFormatException e) {
                    throw new ExperimentException(
                            file, item.line(), full(name), "item must be a whole number, but was " + item.kind());
                }
            }
            return numbers;
        });
    }

    /** Refuses fields that nobody read, and says which name is closest. */
    void done() {
        map.fields().orElseThrow().forEach((name, node) -> {
            if (!known.contains(name)) {
                throw new ExperimentException(
                        file,
                        node.line(),
                        full(name),
                        "key must be one of " + known + ", but was " + name + "; did you mean " + closest(name, known)
                                + "?");
            }
        });
    }

    /** Returns the message, with the closest name if the value must be one of a few. */
    static String suggesting(IllegalArgumentException e) {
        return e instanceof InvalidSettingException invalid
                        && !invalid.options().isEmpty()
                ? e.getMessage() + "; did you mean " + closest(invalid.value(), invalid.options()) + "?"
                : String.valueOf(e.getMessage());
    }

    static String closest(String name, Iterable<String> names) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        return all.stream()
                .min(Comparator.comparingInt(known -> distance(name, known)))
                .orElseThrow();
    }

    /** How many letters have to be changed (Levenshtein 1966). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(row[j - 1], above) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
