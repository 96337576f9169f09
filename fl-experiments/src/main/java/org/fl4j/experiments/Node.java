package org.fl4j.experiments;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.internal.Check;
import org.fl4j.internal.Durable;
import org.fl4j.internal.TextFiles;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A part of a YAML file that knows its line: text, a map or a list. Scalars stay text, so that a name such as
 * {@code no} is one.
 *
 * @param line counted from 1
 * @param text of a scalar
 * @param fields of a map
 * @param items of a list
 */
record Node(int line, Optional<String> text, Optional<Map<String, Node>> fields, Optional<List<Node>> items) {
    private static final int DEEPEST = 20; // an alias may refer to what it is in
    private static final int MOST_ALIASES = 50; // of maps and lists
    private static final int MOST_NODES = 100_000;
    private static final int LONGEST = 1_000_000; // bytes

    /** Reads a file with limits on its length, depth and aliases, so that no file can take the heap. */
    static Node read(Path file) {
        Check.that(Files.isRegularFile(file), "file", "one that is there", file);
        try {
            long size = Files.size(file);
            if (size > LONGEST) {
                throw new ExperimentException(
                        file, 1, "", "file must have at most " + LONGEST + " bytes, but has " + size);
            }
            return new Reading(file).of(compose(file));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + Durable.reason(e), e);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new ExperimentException(file, line, "", "text must be YAML, but " + e.getProblem());
        } catch (YAMLException e) {
            throw new ExperimentException(file, 1, "", "text must be YAML, but " + e.getMessage());
        }
    }

    private static org.yaml.snakeyaml.nodes.Node compose(Path file) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setAllowRecursiveKeys(false);
        options.setMaxAliasesForCollections(MOST_ALIASES);
        options.setNestingDepthLimit(2 * DEEPEST);
        options.setCodePointLimit(LONGEST);
        org.yaml.snakeyaml.nodes.Node root = new Yaml(options).compose(new StringReader(TextFiles.read(file)));
        if (root == null) {
            throw new ExperimentException(file, 1, "", "experiment must not be empty");
        }
        return root;
    }

    /** Makes nodes of a file, and counts them: what aliases repeat counts each time. */
    private static final class Reading {
        private final Path file;
        private int count;

        Reading(Path file) {
            this.file = file;
        }

        Node of(org.yaml.snakeyaml.nodes.Node root) {
            return of(root, 0);
        }

        private Node of(org.yaml.snakeyaml.nodes.Node node, int depth) {
            int line = node.getStartMark().getLine() + 1;
            if (depth > DEEPEST) {
                throw new ExperimentException(
                        file, line, "", "text must be at most " + DEEPEST + " maps and lists deep, but was deeper");
            }
            if (++count > MOST_NODES) {
                throw new ExperimentException(
                        file,
                        line,
                        "",
                        "values, with what aliases repeat, must be at most " + MOST_NODES + ", but are more");
            }
            if (node instanceof MappingNode map) {
                Map<String, Node> fields = new LinkedHashMap<>();
                for (NodeTuple entry : map.getValue()) {
                    int keyLine = entry.getKeyNode().getStartMark().getLine() + 1;
                    if (!(entry.getKeyNode() instanceof ScalarNode scalar)) {
                        throw new ExperimentException(file, keyLine, "", "key must be text, but was a list or a map");
                    }
                    if (scalar.getTag().equals(Tag.MERGE)) {
                        throw new ExperimentException(
                                file, keyLine, "", "merge keys are not supported: repeat the fields");
                    }
                    String key = scalar.getValue();
                    if (fields.put(key, of(entry.getValueNode(), depth + 1)) != null) {
                        throw new ExperimentException(file, keyLine, key, "key must be given once, but is twice");
                    }
                }
                return new Node(line, Optional.empty(), Optional.of(fields), Optional.empty());
            }
            if (node instanceof SequenceNode list) {
                List<Node> items = new ArrayList<>();
                list.getValue().forEach(item -> items.add(of(item, depth + 1)));
                return new Node(line, Optional.empty(), Optional.empty(), Optional.of(items));
            }
            return new Node(line, Optional.of(((ScalarNode) node).getValue()), Optional.empty(), Optional.empty());
        }
    }

    /** Returns this map with the part at a path, such as {@code data.partition}, replaced; missing maps are made. */
    Node with(List<String> path, Node value) {
        Map<String, Node> changed = new LinkedHashMap<>(fields.orElseThrow());
        String key = path.get(0);
        if (path.size() == 1) {
            changed.put(key, value);
        } else {
            Node inner = changed.getOrDefault(
                    key, new Node(value.line, Optional.empty(), Optional.of(Map.of()), Optional.empty()));
            changed.put(key, inner.with(path.subList(1, path.size()), value));
        }
        return new Node(line, Optional.empty(), Optional.of(changed), Optional.empty());
    }

    /** Returns this map without the part at a path, which need not be there. */
    Node without(List<String> path) {
        Map<String, Node> changed = new LinkedHashMap<>(fields.orElseThrow());
        if (path.size() == 1) {
            changed.remove(path.get(0));
        } else {
            changed.computeIfPresent(path.get(0), (key, inner) -> inner.without(path.subList(1, path.size())));
        }
        return new Node(line, Optional.empty(), Optional.of(changed), Optional.empty());
    }

    /** Returns whether it is this value, or a number that is equal to it. */
    boolean is(String value) {
        try {
            return text.isPresent()
                    && (text.get().equals(value) || Double.parseDouble(text.get()) == Double.parseDouble(value));
        } catch (NumberFormatException e) {
            return false;
        }
    }

    String kind() {
        return text.isPresent() ? "the text " + text.get() : fields.isPresent() ? "a map" : "a list";
    }
}
