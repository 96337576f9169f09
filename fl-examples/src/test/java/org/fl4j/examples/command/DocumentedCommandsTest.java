package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.fl4j.examples.docs.Snippet;
import org.fl4j.experiments.Field;
import org.fl4j.experiments.FieldTable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Commands and options in the documentation are ones that the program knows, with names that the registry knows. */
class DocumentedCommandsTest {
    private static final Pattern WORD = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");
    private static final Pattern PROFILE = Pattern.compile("-P(\\w+)");

    /** What the reader is to replace, and what stands for it here. */
    private static final Map<String, String> PLACEHOLDERS =
            Map.of("RATE", "0.1", "S", "1", "URL", "http://localhost:5000");

    private final CommandLine program = Main.commandLine();

    @Test
    void areKnown() throws IOException {
        Map<String, Consumer<List<String>>> shell = shell();
        List<String> faults = new ArrayList<>();
        int count = 0;
        for (Snippet snippet : texts()) {
            for (String line : snippet.text().replaceAll("\\\\\n", " ").split("\n|&&", -1)) {
                List<String> words = words(line);
                if (words.isEmpty()) {
                    continue;
                }
                count++;
                try {
                    judge(shell, words);
                } catch (RuntimeException e) {
                    faults.add(snippet.place() + ": " + line + ": " + e);
                }
            }
        }
        assertThat(faults).isEmpty();
        assertThat(count).as("commands that were found").isGreaterThan(60);
    }

    /** The judge must be able to say no. */
    @Test
    void areRefusedIfTheyAreWrong() throws IOException {
        Map<String, Consumer<List<String>>> shell = shell();
        assertThat(List.of(
                        "java -jar fl-examples.jar mnist --round 3",
                        "java -jar fl-examples.jar mnist --rounds three",
                        "java -jar fl-examples.jar mnits",
                        "java -jar fl-examples.jar mnist --aggregator kurm",
                        "java -jar fl-examples.jar mnist --partition shard:2",
                        "java -cp fl-examples.jar org.fl4j.examples.Nain",
                        "./mvnw verify -Plonger",
                        "--no-such-option 3"))
                .allSatisfy(line -> assertThat(refuses(() -> judge(shell, words(line))))
                        .as(line)
                        .isTrue());
    }

    private static void judge(Map<String, Consumer<List<String>>> shell, List<String> words) {
        Optional.ofNullable(shell.get(words.get(0)))
                .orElseThrow(() -> new IllegalArgumentException("unknown command or option"))
                .accept(words.subList(1, words.size()));
    }

    private static boolean refuses(Runnable command) {
        try {
            command.run();
            return false;
        } catch (ParameterException | IllegalArgumentException e) {
            return true;
        }
    }

    /** Returns blocks of commands, and code in sentences that is a command. */
    private List<Snippet> texts() {
        Stream<Snippet> spans = Stream.concat(Snippet.spans().stream(), Snippet.javadocSpans().stream())
                .filter(span -> span.text()
                                .matches("(java -\\w+ \\S+|source|fl-examples/benchmark.sh) .*|\\./mvnw.*|--[a-z].*")
                        || span.text()
                                .matches("("
                                        + String.join(
                                                "|", program.getSubcommands().keySet()) + ") .*"));
        return Stream.concat(
                        Snippet.blocks().stream()
                                .filter(block -> block.language().equals("bash")),
                        spans)
                .toList();
    }

    /** Returns what judges a command by its first word. */
    private Map<String, Consumer<List<String>>> shell() throws IOException {
        String pom = Files.readString(Snippet.PROJECT.resolve("pom.xml"));
        Map<String, Consumer<List<String>>> shell = new TreeMap<>();
        shell.put("java", this::java);
        shell.put("./mvnw", words -> maven(pom, words));
        shell.put(
                "alias",
                words -> assertThat(words).singleElement().asString().matches("\\S+=java -jar \\S*fl-examples.jar"));
        shell.put("source", words -> judge(shell, words(String.join(" ", words).replaceAll("[<()]", ""))));
        shell.put("jfr", words -> {});
        shell.put("git", words -> {});
        shell.put("cd", words -> {});
        shell.put("fl-examples/benchmark.sh", words -> {});
        for (String name : program.getSubcommands().keySet()) {
            shell.put(
                    name,
                    words ->
                            parse(Stream.concat(Stream.of(name), words.stream()).toList()));
        }
        program.getSubcommands().values().stream()
                .flatMap(command -> command.getCommandSpec().optionsMap().keySet().stream())
                .forEach(option -> shell.put(option, words -> options(option, words)));
        return shell;
    }

    private void java(List<String> words) {
        if (words.get(0).startsWith("-XX:")) {
            java(words.subList(1, words.size()));
            return;
        }
        if (words.get(0).equals("-jar") && words.get(1).endsWith("fl-examples.jar")) {
            parse(words.subList(2, words.size()));
            return;
        }
        if (words.get(0).equals("-cp")) {
            requireClass(words.get(2));
            if (words.get(2).equals(Main.class.getName())) {
                parse(words.subList(3, words.size()));
            }
            return;
        }
        throw new IllegalArgumentException("neither -jar fl-examples.jar nor -cp");
    }

    private void requireClass(String name) {
        try {
            Class.forName(name, false, getClass().getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException("unknown class " + name, e);
        }
    }

    private static void maven(String pom, List<String> words) {
        for (String word : words) {
            Matcher profile = PROFILE.matcher(word);
            if (profile.matches() && !pom.contains("<id>" + profile.group(1) + "</id>")) {
                throw new IllegalArgumentException("unknown profile " + profile.group(1));
            }
        }
    }

    /** Options without a command must be those of one that has them all. */
    private void options(String first, List<String> more) {
        List<String> words = Stream.concat(Stream.of(first), more.stream()).toList();
        List<String> names =
                words.stream().filter(word -> word.startsWith("--")).toList();
        String command = program.getSubcommands().entrySet().stream()
                .filter(entry -> specOf(entry.getValue()).optionsMap().keySet().containsAll(names))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no command has all these options: " + names));
        boolean valued = words.size() > names.size();
        if (valued || names.stream().noneMatch(name -> takesValue(command, name))) {
            try {
                parse(Stream.concat(Stream.of(command), words.stream()).toList());
            } catch (CommandLine.MissingParameterException e) {
                assertThat(e.getMessage())
                        .doesNotContain("for option"); // a file or a directory is missing: it is not shown
            }
        }
    }

    private boolean takesValue(String command, String option) {
        return specOf(program.getSubcommands().get(command))
                        .findOption(option)
                        .arity()
                        .max()
                > 0;
    }

    private static CommandSpec specOf(CommandLine command) {
        return command.getCommandSpec();
    }

    private void parse(List<String> words) {
        ParseResult parsed = program.parseArgs(words.toArray(String[]::new)).subcommand();
        if (parsed == null) {
            throw new IllegalArgumentException("no command");
        }
        for (Field field : FieldTable.all()) {
            Object given = parsed.hasMatchedOption(FieldOptions.name(field))
                    ? parsed.matchedOptionValue(FieldOptions.name(field), null)
                    : List.of();
            for (Object value : given instanceof List<?> list ? list : List.of(given)) {
                String text = String.valueOf(value);
                if (field.kind().isEmpty() || !isShown(text.replaceFirst(":.*", ""))) {
                    field.checked(text);
                }
            }
        }
    }

    /** A provider that a page shows adds the name. */
    private static boolean isShown(String name) {
        return Snippet.blocks().stream()
                .anyMatch(block -> block.language().equals("java")
                        && block.text().contains("StrategyProvider")
                        && block.text().contains('"' + name + '"'));
    }

    /** Splits a line as a shell does, without its comment. */
    private static List<String> words(String line) {
        return WORD.matcher(line.replaceFirst("\\s# .*", ""))
                .results()
                .map(match -> match.group().replaceAll("[\"']", ""))
                .map(word -> Pattern.compile("\\b[A-Z]+\\b")
                        .matcher(word)
                        .replaceAll(name -> PLACEHOLDERS.getOrDefault(name.group(), name.group())))
                .toList();
    }
}
