package org.fl4j.experiments;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.fl4j.InvalidSettingException;
import org.fl4j.registry.StrategyRegistry;

/**
 * An experiment declared in YAML: the settings of a run, seeds, and a sweep over any fields.
 *
 * <pre class="yaml">{@code
 * name: robustness
 * data: {set: mnist, source: digits, partition: iid, clients: 100}
 * model: 2nn
 * training: {learningRate: 0.1, epochs: 1, batchSize: 10}
 * cohort: 10
 * rounds: 20
 * seeds: [1, 2, 3]
 * sweep:
 *   aggregator: [fedavg, median]
 *   data.partition: [iid, "shards:2"]
 * }</pre>
 *
 * <p>A {@code null} in a sweep leaves the field out: {@code codec: [null, qsgd]}.
 *
 * <p>An unknown key, a wrong type, an unknown name or an impossible value is refused with file, line, field, rule and
 * value.
 *
 * @param name of the experiment, if it says one
 * @param runs one for each combination of the sweep and each seed, in the order of the file
 * @param swept the fields that differ between runs
 */
public record ExperimentFile(Optional<String> name, List<Run> runs, List<String> swept) {
    private static final int MOST_RUNS = 10_000;

    /** Keys of a file that are no fields of a run. */
    private static final Set<String> OF_THE_FILE = Set.of("name", "seeds", "sweep");

    /** Fields by the names that parts of a simulation give them. */
    private static final Map<String, String> NAMES_OF_PARTS = Map.of("cohortSize", "cohort", "factor", "overCommit");

    /**
     * One run of the experiment.
     *
     * @param group what it has in common with the runs of other seeds: the swept fields and their values
     * @param spec its settings
     */
    public record Run(Map<String, String> group, ExperimentSpec spec) {
        /** Returns a short name of the group: values, and of numbers what they are of. */
        public String label() {
            return group.isEmpty()
                    ? "all"
                    : group.entrySet().stream()
                            .map(choice -> choice.getValue().matches("[-+.0-9eE]+|true|false")
                                    ? choice.getKey().replaceFirst(".*\\.", "") + "=" + choice.getValue()
                                    : quoted(choice.getValue()))
                            .collect(Collectors.joining(", "));
        }

        /** Groups have names of their own also if values have in them what is between values. */
        private static String quoted(String value) {
            boolean clear = value.matches("[^\"\\v]*") && !value.contains(", ") && !value.matches(" .*|.*,");
            return clear ? value : '"' + value.replace("\"", "\"\"") + '"';
        }

        /** Returns a short name of the run. */
        String name() {
            return label() + ", seed " + spec.seed();
        }
    }

    /**
     * Reads a file.
     *
     * @throws ExperimentException if it is not an experiment
     */
    public static ExperimentFile read(Path file) {
        Node root = Node.read(file);
        StrategyRegistry names = StrategyRegistry.load();
        Map<String, Node> fields = root.fields()
                .orElseThrow(() ->
                        new ExperimentException(file, root.line(), "", "value must be a map, but was " + root.kind()));
        Optional<String> name = Optional.ofNullable(fields.get("name")).map(node -> name(file, node));
        List<Long> seeds = Optional.ofNullable(fields.get("seeds"))
                .map(node -> seeds(file, node))
                .orElse(List.of());
        refuseBoth(file, root, "seed", "seeds");
        Map<String, List<Node>> sweep = sweep(file, root);
        refuseTooMany(file, root, sweep, Math.max(1, seeds.size()));
        List<Run> runs = new ArrayList<>();
        for (Map<String, Node> combination : combinations(sweep)) {
            Node varied = root;
            Map<String, String> group = new LinkedHashMap<>();
            for (Map.Entry<String, Node> choice : combination.entrySet()) {
                varied = varied(file, varied, choice.getKey(), choice.getValue());
                group.put(choice.getKey(), said(choice.getKey(), choice.getValue()));
            }
            if (seeds.isEmpty()) {
                runs.add(new Run(group, spec(file, varied, Optional.empty(), names)));
            }
            for (long seed : seeds) {
                runs.add(new Run(group, spec(file, varied, Optional.of(seed), names)));
            }
        }
        refuseTwins(file, root, runs);
        return new ExperimentFile(name, List.copyOf(runs), List.copyOf(sweep.keySet()));
    }

    private static Node varied(Path file, Node root, String field, Node choice) {
        List<String> path = List.of(field.split("\\.", -1));
        try {
            boolean drops = isLeftOut(choice) && FieldTable.find(field).isPresent();
            return drops ? root.without(path) : root.with(path, choice);
        } catch (NoSuchElementException e) {
            throw new ExperimentException(
                    file, choice.line(), "sweep." + field, "field must be one of a run, but was " + field);
        }
    }

    /** In a sweep a null says that a field is left out. */
    private static boolean isLeftOut(Node choice) {
        return choice.is("null") || choice.is("~");
    }

    private static String said(String field, Node choice) {
        return isLeftOut(choice)
                ? "no " + field.substring(field.lastIndexOf('.') + 1)
                : choice.text().orElse("?");
    }

    private static String name(Path file, Node node) {
        return node.text()
                .orElseThrow(() -> new ExperimentException(
                        file, node.line(), "name", "value must be text, but was " + node.kind()));
    }

    private static List<Long> seeds(Path file, Node node) {
        List<Node> items = node.items()
                .filter(list -> !list.isEmpty())
                .orElseThrow(() -> new ExperimentException(
                        file, node.line(), "seeds", "value must be a list of whole numbers, but was " + node.kind()));
        List<Long> seeds = new ArrayList<>();
        for (Node item : items) {
            try {
                seeds.add(Long.valueOf(item.text().orElse("")));
            } catch (NumberFormatException e) {
                throw new ExperimentException(
                        file, item.line(), "seeds", "item must be a whole number, but was " + item.kind());
            }
        }
        return seeds;
    }

    private static void refuseTooMany(Path file, Node root, Map<String, List<Node>> sweep, int seeds) {
        BigInteger runs = BigInteger.valueOf(seeds);
        for (List<Node> choices : sweep.values()) {
            runs = runs.multiply(BigInteger.valueOf(choices.size()));
        }
        if (runs.compareTo(BigInteger.valueOf(MOST_RUNS)) > 0) {
            String field = sweep.isEmpty() ? "seeds" : "sweep";
            throw new ExperimentException(
                    file,
                    root.fields().orElseThrow().get(field).line(),
                    field,
                    "runs must be at most " + MOST_RUNS + ", but are " + runs);
        }
    }

    private static void refuseBoth(Path file, Node map, String one, String other) {
        Map<String, Node> there = map.fields().orElse(Map.of());
        if (there.containsKey(one) && there.containsKey(other)) {
            throw new ExperimentException(
                    file, there.get(other).line(), other, "field must be left out with " + one + ", but was given");
        }
    }

    /** Two runs whose results cannot differ would be one in the store. */
    private static void refuseTwins(Path file, Node root, List<Run> runs) {
        Map<String, Run> byKey = new HashMap<>();
        for (Run run : runs) {
            Run twin = byKey.put(run.spec().key(), run);
            if (twin != null) {
                String field = root.fields().orElseThrow().containsKey("sweep") ? "sweep" : "seeds";
                throw new ExperimentException(
                        file,
                        root.fields().orElseThrow().get(field).line(),
                        field,
                        "runs must differ in what their results depend on, but " + twin.name() + " and " + run.name()
                                + " do not");
            }
        }
    }

    private static Map<String, List<Node>> sweep(Path file, Node root) {
        Map<String, List<Node>> sweep = new LinkedHashMap<>();
        Node declared = root.fields().orElseThrow().get("sweep");
        if (declared == null) {
            return sweep;
        }
        declared.fields()
                .orElseThrow(() -> new ExperimentException(
                        file, declared.line(), "sweep", "value must be a map of lists, but was " + declared.kind()))
                .forEach((path, values) -> {
                    if (path.equals("seed")
                            || path.equals("seeds")
                            || path.startsWith("sweep")
                            || path.equals("name")) {
                        throw new ExperimentException(
                                file, values.line(), "sweep." + path, "field must be one of a run, but was " + path);
                    }
                    List<Node> choices = values.items().orElse(List.of());
                    if (choices.isEmpty()
                            || choices.stream().anyMatch(choice -> choice.text().isEmpty())) {
                        throw new ExperimentException(
                                file,
                                values.line(),
                                "sweep." + path,
                                "value must be a list of values, but was " + values.kind());
                    }
                    sweep.put(path, choices);
                });
        return sweep;
    }

    private static List<Map<String, Node>> combinations(Map<String, List<Node>> sweep) {
        List<Map<String, Node>> all = List.of(Map.of());
        for (Map.Entry<String, List<Node>> field : sweep.entrySet()) {
            List<Map<String, Node>> longer = new ArrayList<>();
            for (Map<String, Node> shorter : all) {
                for (Node value : field.getValue()) {
                    Map<String, Node> combination = new LinkedHashMap<>(shorter);
                    combination.put(field.getKey(), value);
                    longer.add(combination);
                }
            }
            all = longer;
        }
        return all;
    }

    private static ExperimentSpec spec(Path file, Node root, Optional<Long> ofSeeds, StrategyRegistry names) {
        Map<String, Object> values = new TreeMap<>();
        collect(file, root, "", values, names);
        ofSeeds.ifPresent(seed -> values.put("seed", seed));
        try {
            return ExperimentSpec.of(values);
        } catch (IllegalArgumentException e) {
            throw located(file, root, e);
        }
    }

    /** Takes the fields of a map, and of the maps in it. */
    private static void collect(Path file, Node map, String path, Map<String, Object> values, StrategyRegistry names) {
        map.fields()
                .orElseThrow(() ->
                        new ExperimentException(file, map.line(), path, "value must be a map, but was " + map.kind()))
                .forEach((key, node) -> {
                    String full = path.isEmpty() ? key : path + "." + key;
                    Optional<Field> field = FieldTable.find(full);
                    if (field.isPresent()) {
                        values.put(full, value(file, node, field.get(), names));
                    } else if (!FieldTable.keys(full).isEmpty()) {
                        collect(file, node, full, values, names);
                    } else if (!path.isEmpty() || !OF_THE_FILE.contains(key)) {
                        SortedSet<String> known = FieldTable.keys(path);
                        known.addAll(path.isEmpty() ? OF_THE_FILE : Set.of());
                        throw new ExperimentException(
                                file,
                                node.line(),
                                full,
                                new InvalidSettingException("key", "one of " + known, key, List.copyOf(known), null)
                                        .getMessage());
                    }
                });
    }

    private static List<String> value(Path file, Node node, Field field, StrategyRegistry names) {
        List<Node> items = field.type() == Field.Type.NAMES ? node.items().orElse(List.of(node)) : List.of(node);
        return items.stream()
                .map(item -> {
                    String text = item.text()
                            .orElseThrow(() -> new ExperimentException(
                                    file,
                                    item.line(),
                                    field.path(),
                                    "value must be " + field.type().words() + ", but was " + item.kind()));
                    try {
                        return field.checked(text, names);
                    } catch (IllegalArgumentException e) {
                        throw new ExperimentException(file, item.line(), field.path(), String.valueOf(e.getMessage()));
                    }
                })
                .toList();
    }

    /** Says on which line the field is that a check of a run's parts names, as far as there is one. */
    static ExperimentException located(Path file, IllegalArgumentException e) {
        return located(file, Node.read(file), e);
    }

    private static ExperimentException located(Path file, Node root, IllegalArgumentException e) {
        if (!(e instanceof InvalidSettingException invalid)) {
            return new ExperimentException(file, root.line(), "", String.valueOf(e.getMessage()));
        }
        String named = invalid.name().split(" ", 2)[0]; // of "aggregator under MIRA" too
        String field = NAMES_OF_PARTS.getOrDefault(named, named);
        List<String> paths = FieldTable.all().stream()
                .filter(known -> known.name().equals(field))
                .map(Field::path)
                .filter(path -> node(root, path).isPresent())
                .toList();
        // of several maps with such a field, the one whose value was refused
        Optional<String> path = paths.stream()
                .filter(there -> node(root, there).orElseThrow().is(invalid.value()))
                .findFirst()
                .or(() -> paths.stream().findFirst());
        return new ExperimentException(
                file,
                path.flatMap(there -> node(root, there)).map(Node::line).orElse(root.line()),
                path.orElse(""),
                String.valueOf(e.getMessage()));
    }

    private static Optional<Node> node(Node root, String path) {
        Optional<Node> node = Optional.of(root);
        for (String part : path.split("\\.", -1)) {
            node = node.flatMap(at -> at.fields()).map(map -> map.get(part));
        }
        return node;
    }
}
