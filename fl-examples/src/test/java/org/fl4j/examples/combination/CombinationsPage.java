package org.fl4j.examples.combination;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes the table of all pairs for people. */
final class CombinationsPage {
    private static final String TOGETHER = ", whose parts do not work without one another, but was ";

    private final Map<Pairing, Optional<String>> refusals;
    private final List<String> reasons;

    /** Takes why each pair is refused, if it is. */
    CombinationsPage(Map<Pairing, Optional<String>> refusals) {
        this.refusals = new LinkedHashMap<>(refusals);
        reasons = refusals.values().stream()
                .flatMap(Optional::stream)
                .map(CombinationsPage::reason)
                .distinct()
                .toList();
    }

    /** Returns a message without what differs from pair to pair. */
    static String reason(String message) {
        return message.replaceAll(
                        "must be that of \\w+" + TOGETHER + "that of \\w+.*",
                        "must be that of one algorithm" + TOGETHER + "that of the other")
                .replaceAll(
                        "must be that of \\w+" + TOGETHER + "(?!that of)\\w+.*",
                        "must be that of the algorithm" + TOGETHER + "another")
                .replaceAll("(?<!one another), but was .*", "")
                .replaceAll("(\\w)\\[[^\\]]*\\]", "$1")
                .replaceAll(", [0-9.]+$", "");
    }

    /** Returns the page. */
    String text() {
        List<String> lines = new ArrayList<>();
        long refused = refusals.values().stream().filter(Optional::isPresent).count();
        lines.add(String.format(Locale.ROOT, """
                # What combines with what

                This page is written by the build, and a test fails when it is out of date. It answers one question:
                can I use this algorithm together with that part?

                Each algorithm that has a name is put beside every other part that has one: %d pairs. Of these, **%d
                run** and **%d are refused**, for %d reasons. A pair is refused when one half of it would have no
                effect, or when a promise such as privacy would not hold. You get the reason before the first round, as
                an `IllegalArgumentException`.

                - `yes`: the pair is built in every build. In the `long` profile (`./mvnw verify -Plong`) it also runs
                  for three rounds, and the test looks for a sign of both halves: that the control variate moved, that
                  a client's own model differs from the global one, that noise has its size.
                - a number: the pair is refused. The number leads to [the reasons](#reasons) below.

                The row's algorithm is set first, and the column's part after it. A name has its default parameters,
                apart from [the ones listed below](#parameters). Other parameters may lead to another answer.
                """, refusals.size(), refusals.size() - refused, refused, reasons.size()));
        Stream.of(Part.Kind.values()).filter(kind -> kind != Part.Kind.NONE).forEach(kind -> addTable(kind, lines));
        addReasons(lines);
        addSigns(lines);
        addParameters(lines);
        return lines.stream().collect(Collectors.joining("\n"));
    }

    private void addTable(Part.Kind kind, List<String> lines) {
        List<Part> columns = Parts.columns().stream()
                .filter(column ->
                        column.kind() == kind || (column.kind() == Part.Kind.NONE && kind == Part.Kind.ALGORITHM))
                .toList();
        lines.add("## Algorithms with " + kind.title() + "\n");
        if (kind == Part.Kind.AGGREGATOR) {
            lines.add("`fedasync` and `fedbuff` are in asynchronous rounds here, for they weigh by staleness.\n");
        }
        lines.add("| algorithm | " + columns.stream().map(Part::name).collect(Collectors.joining(" | ")) + " |");
        lines.add("| --- |" + " --- |".repeat(columns.size()));
        for (Part row : Parts.rows()) {
            lines.add("| " + row.name() + " | "
                    + columns.stream().map(column -> cell(row, column)).collect(Collectors.joining(" | ")) + " |");
        }
        lines.add("");
    }

    private String cell(Part row, Part column) {
        return refusals.entrySet().stream()
                .filter(entry -> entry.getKey().row().key().equals(row.key())
                        && entry.getKey().column().key().equals(column.key()))
                .map(entry -> entry.getValue()
                        .map(message -> String.valueOf(reasons.indexOf(reason(message)) + 1))
                        .orElse("yes"))
                .findFirst()
                .orElse("-");
    }

    private void addReasons(List<String> lines) {
        lines.add("## Reasons\n");
        lines.add("`sgdClients` are the clients that an algorithm makes. Two algorithms that both make clients do"
                + " not combine.\n");
        for (int i = 0; i < reasons.size(); i++) {
            lines.add((i + 1) + ". " + reasons.get(i));
        }
        lines.add("");
    }

    private static void addSigns(List<String> lines) {
        lines.add("## What the test looks for\n");
        lines.add("An algorithm without a half of its own on the server leaves that to the aggregator.\n");
        lines.add("| algorithm | on the server | on clients |\n| --- | --- | --- |");
        for (Part row : Parts.rows()) {
            Halves halves = Observables.of(row).orElseThrow();
            lines.add("| " + row.name() + " | "
                    + halves.server().map(Observable::what).orElse("-") + " | "
                    + halves.clients().map(Observable::what).orElse("-") + " |");
        }
        lines.add("");
    }

    private static void addParameters(List<String> lines) {
        lines.add("## Parameters\n");
        lines.add("Ten clients, eight of them in a round. These parameters fit so few, or make an effect large"
                + " enough to be seen:\n");
        Parts.columns().stream()
                .filter(part -> !part.settings().isEmpty())
                .forEach(part -> lines.add("- `" + part.line() + "`"));
        lines.add("");
    }
}
