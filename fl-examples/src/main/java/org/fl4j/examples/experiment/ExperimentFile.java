package org.fl4j.examples.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.examples.attack.Attack;
import org.fl4j.examples.attack.Poison;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.fl4j.world.World;

/**
 * An experiment declared in YAML: the settings of a run, seeds, and a sweep over any fields.
 *
 * <pre>{@code
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
 * <p>An unknown key, a wrong type, an unknown name or an impossible value is refused with file, line, field, rule and value.
 *
 * @param name of the experiment, if it says one
 * @param runs one for each combination of the sweep and each seed, in the order of the file
 * @param swept the fields that differ between runs
 */
public record ExperimentFile(Optional<String> name, List<Run> runs, List<String> swept) {
    /**
     * One run of the experiment.
     *
     * @param group what it has in common with the runs of other seeds: the swept fields and their values
     * @param spec its settings
     */
    public record Run(Map<String, String> group, ExperimentSpec spec) {
        /** Returns a short name of the group. */
        public String label() {
            return group.isEmpty() ? "all" : String.join(", ", group.values());
        }
    }

    /**
     * Reads a file.
     *
     * @throws ExperimentException if it is not an experiment
     */
    public static ExperimentFile read(Path file) {
        Node root = Node.read(file);
        Fields fields = new Fields(file, root, "");
        Optional<String> name = fields.text("name");
        List<Integer> seeds = fields.integers("seeds").orElse(List.of());
        Map<String, List<Node>> sweep = sweep(file, root);
        List<Run> runs = new ArrayList<>();
        for (Map<String, Node> combination : combinations(sweep)) {
            Node varied = root;
            Map<String, String> group = new LinkedHashMap<>();
            for (Map.Entry<String, Node> choice : combination.entrySet()) {
                varied = varied.with(List.of(choice.getKey().split("\\.", -1)), choice.getValue());
                group.put(choice.getKey(), choice.getValue().text().orElse("?"));
            }
            if (seeds.isEmpty()) {
                runs.add(new Run(group, spec(file, varied, Optional.empty())));
            }
            for (int seed : seeds) {
                runs.add(new Run(group, spec(file, varied, Optional.of(seed))));
            }
        }
        return new ExperimentFile(name, List.copyOf(runs), List.copyOf(sweep.keySet()));
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

    private static ExperimentSpec spec(Path file, Node root, Optional<Integer> ofSeeds) {
        Fields fields = new Fields(file, root, "");
        fields.text("name");
        fields.integers("seeds");
        fields.map("sweep");
        try {
            Fields data = fields.map("data");
            Fields training = fields.map("training");
            Fields world = fields.map("world");
            Fields execution = fields.map("execution");
            ExperimentSpec spec = new ExperimentSpec(
                    new DataSpec(
                            data.text("set").orElse("mnist"),
                            data.text("source").orElse("digits"),
                            fields.text("model").orElse("2nn"),
                            data.text("partition", DataSpec::partitioner).orElse("iid"),
                            data.integer("clients").orElse(100)),
                    new TrainingSpec(
                            training.number("learningRate").orElse(.1),
                            training.integer("epochs").orElse(1),
                            training.integer("steps"),
                            training.integer("batchSize").orElse(10),
                            training.text("optimizer"),
                            training.number("momentum"),
                            training.number("weightDecay"),
                            training.number("gradientClip"),
                            training.number("proximalTerm")),
                    new StrategySpec(
                            fields.text("algorithm", name -> named(Algorithm.class, name)),
                            fields.text("aggregator", name -> named(Aggregator.class, name)),
                            fields.text("serverOptimizer", name -> named(ServerOptimizer.class, name)),
                            fields.text("selector", name -> named(ClientSelector.class, name)),
                            fields.text("uploadTransform", name -> named(UpdateTransform.class, name)),
                            fields.text("privacy", name -> named(Algorithm.class, name)),
                            fields.text("attack", name -> named(Attack.class, name)),
                            fields.text("poison", name -> named(Poison.class, name)),
                            fields.integer("byzantine").orElse(0)),
                    new ClockSpec(
                            world.text("name", name -> named(World.class, name)),
                            world.text("deviceTrace"),
                            world.text("availabilityTrace"),
                            world.number("timeout"),
                            world.number("overCommit"),
                            world.integer("concurrency"),
                            world.integer("buffer"),
                            world.number("window"),
                            world.integer("maxStaleness")),
                    fields.integer("cohort").orElse(10),
                    fields.integer("rounds").orElse(20),
                    fields.number("target"),
                    fields.integer("clientEvaluationEvery"),
                    fields.text("device").orElse("cpu"),
                    new ExecutionSpec(
                            fields.integer("workers"),
                            execution.integer("ahead"),
                            execution.text("order"),
                            execution.text("onFailure"),
                            execution.integer("attempts"),
                            execution.number("backOff"),
                            execution.number("timeout"),
                            execution.yesOrNo("monitor").orElse(false),
                            execution.text("adapt")),
                    ofSeeds.orElse(fields.integer("seed").orElse(0)));
            fields.integer("seed");
            data.done();
            training.done();
            world.done();
            execution.done();
            fields.done();
            return spec;
        } catch (ExperimentException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw located(file, root, e);
        }
    }

    private static void named(Class<?> kind, String name) {
        Objects.requireNonNull(StrategyRegistry.load().parse(kind, name));
    }

    /** Says on which line the field is that a check of another class names first, as far as there is one. */
    private static ExperimentException located(Path file, Node root, IllegalArgumentException e) {
        String message = String.valueOf(e.getMessage());
        String field = message.split(" ", 2)[0];
        for (String path :
                List.of(field, "data." + field, "training." + field, "world." + field, "execution." + field)) {
            Optional<Node> node = Optional.of(root);
            for (String part : path.split("\\.", -1)) {
                node = node.flatMap(at -> at.fields()).map(map -> map.get(part));
            }
            if (node.isPresent()) {
                return new ExperimentException(file, node.get().line(), path, Fields.suggesting(message));
            }
        }
        return new ExperimentException(file, root.line(), "", Fields.suggesting(message));
    }
}
