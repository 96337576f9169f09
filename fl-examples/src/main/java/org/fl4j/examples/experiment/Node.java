package org.fl4j.examples.experiment;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * A part of a YAML file that knows its line: text, a map or a list. Scalars stay text, so that a name such as {@code no} is one.
 *
 * @param line counted from 1
 * @param text of a scalar
 * @param fields of a map
 * @param items of a list
 */
record Node(int line, Optional<String> text, Optional<Map<String, Node>> fields, Optional<List<Node>> items) {
    static Node read(Path file) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        try (Reader reader = Files.newBufferedReader(file)) {
            org.yaml.snakeyaml.nodes.Node root = new Yaml(options).compose(reader);
            if (root == null) {
                throw new ExperimentException(file, 1, "", "experiment must not be empty");
            }
            return of(file, root);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new ExperimentException(file, line, "", "text must be YAML, but " + e.getProblem());
        }
    }

    private static Node of(Path file, org.yaml.snakeyaml.nodes.Node node) {
        int line = node.getStartMark().getLine() + 1;
        if (node instanceof MappingNode map) {
            Map<String, Node> fields = new LinkedHashMap<>();
            for (NodeTuple entry : map.getValue()) {
                String key = ((ScalarNode) entry.getKeyNode()).getValue();
                if (fields.put(key, of(file, entry.getValueNode())) != null) {
                    throw new ExperimentException(
                            file,
                            entry.getKeyNode().getStartMark().getLine() + 1,
                            key,
                            "key must be given once, but is twice");
                }
            }
            return new Node(line, Optional.empty(), Optional.of(fields), Optional.empty());
        }
        if (node instanceof SequenceNode list) {
            List<Node> items = new ArrayList<>();
            list.getValue().forEach(item -> items.add(of(file, item)));
            return new Node(line, Optional.empty(), Optional.empty(), Optional.of(items));
        }
        return new Node(line, Optional.of(((ScalarNode) node).getValue()), Optional.empty(), Optional.empty());
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

    String kind() {
        return text.isPresent() ? "the text " + text.get() : fields.isPresent() ? "a map" : "a list";
    }
}
