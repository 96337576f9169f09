package org.fl4j.experiments;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.fl4j.registry.StrategyRegistry;

/** Writes the page of fields and names. */
final class FieldsPage {
    private FieldsPage() {}

    static String text() {
        StringBuilder page = new StringBuilder("""
                # Fields and names

                This page lists the fields of an experiment file, and the names that their values may have. It is
                generated. The same fields are options of the command line: `--batch-size` stands for
                `training.batchSize`; `java -jar fl-examples/target/fl-examples.jar train --help` lists them. Editors
                complete and check experiment files by [the JSON Schema](experiment.schema.json).

                ## Fields

                | field | value | without it | meaning |
                | --- | --- | --- | --- |
                """);
        for (Field field : FieldTable.all()) {
            page.append(
                    "| `%s` | %s | %s | %s |\n".formatted(field.path(), value(field), field.usual(), field.meaning()));
        }
        page.append("""

                A file also has `name`, the experiment's name; `seeds`, a list in place of `seed`; and `sweep`, a map
                from fields to lists of values.

                ## Names

                A name may be followed by parameters: `multi-krum:byzantine=2,kept=5`. A value without a name, as in
                `shards:2`, is that of the first parameter. A jar of your own adds names with a `StrategyProvider`
                ([how](own-aggregator.md#3-use-it)).

                """);
        StrategyRegistry names = StrategyRegistry.load();
        kinds().forEach((kind, fields) -> {
            page.append("### For ").append(String.join(", ", fields)).append("\n\n");
            page.append("Java: `").append(simpleName(kind)).append("`.\n\n");
            if (names.names(kind).isEmpty()) {
                page.append("FL4J has none of its own yet.\n\n");
                return;
            }
            page.append("| name | parameters and their defaults |\n| --- | --- |\n");
            for (String name : names.names(kind)) {
                page.append("| `%s` | %s |\n".formatted(name, parameters(names.defaults(kind, name))));
            }
            page.append('\n');
        });
        return page.toString().stripTrailing() + "\n";
    }

    private static String simpleName(Class<?> kind) {
        return kind.getEnclosingClass() == null
                ? kind.getSimpleName()
                : kind.getEnclosingClass().getSimpleName() + "." + kind.getSimpleName();
    }

    private static Map<Class<?>, List<String>> kinds() {
        return FieldTable.all().stream()
                .filter(field -> field.kind().isPresent())
                .collect(Collectors.groupingBy(
                        field -> field.kind().orElseThrow(),
                        LinkedHashMap::new,
                        Collectors.mapping(field -> "`" + field.path() + "`", Collectors.toList())));
    }

    private static String parameters(Map<String, Object> defaults) {
        return defaults.entrySet().stream()
                .map(entry -> "`" + entry.getKey() + "=" + entry.getValue() + "`")
                .collect(Collectors.joining(", "));
    }

    private static String value(Field field) {
        if (!field.choices().isEmpty()) {
            return field.choices().stream().map(choice -> "`" + choice + "`").collect(Collectors.joining(" or "));
        }
        return switch (field.type()) {
            case TEXT -> "text";
            case NAME -> "a name";
            case NAMES -> "a list of names";
            case YES_OR_NO -> "`true` or `false`";
            case WHOLE ->
                switch (field.rule()) {
                    case FROM_ONE -> "a whole number, at least 1";
                    case FROM_ZERO -> "a whole number, at least 0";
                    default -> "a whole number";
                };
            case NUMBER ->
                switch (field.rule()) {
                    case POSITIVE -> "a number above 0";
                    case NOT_NEGATIVE -> "a number, at least 0";
                    case FRACTION -> "a number in [0, 1)";
                    case SHARE -> "a number in (0, 1]";
                    case FACTOR -> "a number, at least 1";
                    default -> "a number";
                };
        };
    }
}
