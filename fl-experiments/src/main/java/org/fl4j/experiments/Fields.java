package org.fl4j.experiments;

import java.nio.file.Path;
import java.util.ArrayList;
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
                throw new ExperimentException(file, node.line(), full(name), String.valueOf(e.getMessage()));
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

    /** Refuses fields that nobody read. */
    void done() {
        map.fields().orElseThrow().forEach((name, node) -> {
            if (!known.contains(name)) {
                throw new ExperimentException(
                        file,
                        node.line(),
                        full(name),
                        new InvalidSettingException("key", "one of " + known, name, List.copyOf(known), null)
                                .getMessage());
            }
        });
    }
}
