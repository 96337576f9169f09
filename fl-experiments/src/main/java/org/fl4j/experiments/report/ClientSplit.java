package org.fl4j.experiments.report;

import java.util.List;
import java.util.stream.Stream;

/**
 * Examples on which clients evaluate.
 *
 * @param name how the metrics begin
 * @param examples what a report calls them
 */
record ClientSplit(String name, String examples) {
    static final List<ClientSplit> ALL = List.of(
            new ClientSplit("client/test", "clients' own test examples"),
            new ClientSplit("client/train", "the examples that clients train on"),
            new ClientSplit("held-out/test", "the test examples of clients that never train"),
            new ClientSplit("held-out/train", "all examples of clients that never train"));

    /** Returns some metrics, and then a measure such as {@code accuracy} on each split. */
    static List<String> metrics(String measure, String... first) {
        return Stream.concat(Stream.of(first), ALL.stream().map(split -> split.name() + "/" + measure))
                .toList();
    }

    String accuracy() {
        return name + "/accuracy";
    }

    String heading() {
        return "Accuracy on " + examples + ", last round that measured it";
    }
}
