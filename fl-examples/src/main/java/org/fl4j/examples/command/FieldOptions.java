package org.fl4j.examples.command;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.fl4j.experiments.Field;
import org.fl4j.experiments.FieldTable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options that stand for the fields of an experiment, made of {@link FieldTable}. */
final class FieldOptions {
    /** Options that are not called by the last part of their field's path. */
    private static final Map<String, String> OTHER_NAMES = Map.of(
            "data.source", "--data",
            "training.learningRate", "--client-lr",
            "world.name", "--world",
            "updates.minimum", "--minimum-updates",
            "updates.buffer", "--update-buffer",
            "updates.onDisk", "--updates-on-disk",
            "clientEvaluationEvery", "--client-evaluation",
            "execution.timeout", "--task-timeout");

    private FieldOptions() {}

    /** Returns a field's option: {@code --batch-size} for {@code training.batchSize}. */
    static String name(Field field) {
        return OTHER_NAMES.getOrDefault(
                field.path(),
                "--" + field.name().replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT));
    }

    /** Adds an option for each field, but for those that a command sets itself. */
    static void addTo(CommandSpec command, Set<String> without, Map<String, String> usual) {
        for (Field field : FieldTable.all()) {
            if (!without.contains(field.path())) {
                command.addOption(option(field, usual.getOrDefault(field.path(), field.usual())));
            }
        }
    }

    private static OptionSpec option(Field field, String usual) {
        OptionSpec.Builder option =
                OptionSpec.builder(name(field)).paramLabel(label(field)).description(description(field, usual));
        return switch (field.type()) {
            case YES_OR_NO -> option.type(boolean.class).build();
            case NAMES -> option.type(List.class).auxiliaryTypes(String.class).build();
            case TEXT, WHOLE, NUMBER, NAME -> option.type(String.class).build();
        };
    }

    private static String label(Field field) {
        return switch (field.type()) {
            case WHOLE -> "N";
            case NUMBER -> "X";
            case NAME, NAMES -> "NAME";
            case TEXT, YES_OR_NO -> "TEXT";
        };
    }

    private static String description(Field field, String usual) {
        String choices = field.choices().isEmpty() ? "" : ": " + String.join(" or ", field.choices());
        String several = field.type() == Field.Type.NAMES ? "; may be given several times" : "";
        return field.meaning() + choices + several + (usual.isEmpty() ? "" : " (default: " + usual + ")");
    }

    /** Returns what was given, by the paths of fields. */
    static Map<String, Object> values(ParseResult parsed) {
        Map<String, Object> values = new TreeMap<>();
        for (Field field : FieldTable.all()) {
            if (parsed.hasMatchedOption(name(field))) {
                Object value = parsed.matchedOptionValue(name(field), null);
                values.put(field.path(), value);
            }
        }
        return values;
    }
}
