package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What commands print and write is the same under every locale: German has a decimal comma, Turkish another lower case
 * of I, Arabic of Egypt digits of its own. Only how long something took may differ.
 */
class LocaleIT {
    private static final String[] SMALL = {
        "mnist", "--model", "softmax", "--clients", "20", "--cohort", "5", "--seed", "3", "--workers", "1"
    };
    private static final String SWEEP = """
        name: locales
        data: {clients: 20}
        model: softmax
        cohort: 5
        rounds: 2
        clientEvaluationEvery: 2
        world: {name: lognormal}
        sweep: {aggregator: [fedavg, median]}
        """;

    @TempDir
    Path directory;

    /** What a locale gave, by command or file. */
    private Map<String, String> results(String language, String country, Session session)
            throws IOException, InterruptedException {
        Path own = Files.createDirectory(directory.resolve(language));
        ChildJvm jvm = ChildJvm.in(own).withOptions("-Duser.language=" + language, "-Duser.country=" + country);
        Map<String, String> results = new TreeMap<>();
        session.run(
                (name, arguments) -> {
                    ChildJvm.Outcome outcome = jvm.run(arguments);
                    results.put("code of " + name, String.valueOf(outcome.code()));
                    results.put("output of " + name, printed(outcome.out()));
                    assertThat(outcome.err().chars().filter(c -> c > 127 && Character.isDigit(c)))
                            .as("digits that not everyone reads in " + outcome.err())
                            .isEmpty();
                },
                own);
        try (Stream<Path> files = Files.walk(own)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                // the second in which an event file was begun
                String name = own.relativize(file).toString().replaceAll("tfevents\\.[0-9]{10}\\.", "tfevents.SECOND.");
                results.put("file " + name, content(name, file));
            }
        }
        return results;
    }

    /** Runs a command of this name with these arguments. */
    @FunctionalInterface
    private interface Command {
        void run(String name, String... arguments) throws IOException, InterruptedException;
    }

    /** Runs commands in a directory. */
    @FunctionalInterface
    private interface Session {
        void run(Command command, Path own) throws IOException, InterruptedException;
    }

    private static String[] small(String... more) {
        return Stream.concat(Stream.of(SMALL), Stream.of(more)).toArray(String[]::new);
    }

    /** Leaves out how long something took: the last column of the table of rounds, and lines about time. */
    private static String printed(String text) {
        return text.replaceAll("(?m)^( +[0-9]+ +[0-9]+/[0-9]+ .*) [0-9]+\\.[0-9]{2}$", "$1 SECONDS")
                .replaceAll("(?m)^time +[0-9.]+ s$", "time SECONDS");
    }

    /** Leaves out times, by the names of their fields; of files that are not text, or all about times, everything. */
    private static String content(String name, Path file) throws IOException {
        if ((name.contains("checkpoints/") && !name.contains("/clients/"))
                || name.contains("tfevents")
                || name.matches(".*runs\\.db.*|.*/lock")) {
            return "exists";
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        if (name.endsWith("rounds.csv")) {
            return text.replaceAll("(?m),[0-9]+\\.[0-9]{6},[0-9]+\\.[0-9]{6}$", ",SECONDS,SECONDS");
        }
        if (name.endsWith(".jsonl")) {
            return text.replaceAll(
                            "\"(trainSeconds|evaluationSeconds|queueSeconds|runSeconds)\":[-+.0-9E]+", "\"$1\":SECONDS")
                    .replaceAll("\"(submitted|started|ended)\":\"[-:.TZ0-9]+\"", "\"$1\":TIME")
                    .replaceAll("\"thread\":[0-9]+", "\"thread\":ANY")
                    .lines()
                    .sorted() // tasks are written as they end
                    .collect(Collectors.joining("\n"));
        }
        if (name.endsWith("tasks.log")) {
            return text.replaceAll("(?m)^[-:.TZ0-9]+ ", "TIME ")
                    .replaceAll("(after|queued) [0-9]+\\.[0-9]{3} s", "$1 SECONDS")
                    .replaceAll("thread [0-9]+", "thread ANY")
                    .lines()
                    .sorted()
                    .collect(Collectors.joining("\n"));
        }
        if (name.endsWith(".html")) {
            return text.replaceAll("(?s)<pre>.*?</pre>|<rect [^>]*>", "").replaceAll("[0-9]+(\\.[0-9]+)?", "NUMBER");
        }
        return text;
    }

    private static void assertSame(Map<String, String> english, Map<String, String> other) {
        assertThat(other.keySet()).isEqualTo(english.keySet());
        english.forEach((what, text) -> assertThat(other.get(what)).as(what).isEqualTo(text));
        english.keySet().forEach(what -> assertThat(what).matches("\\p{ASCII}+"));
    }

    private static void resumedRun(Command command, Path own) throws IOException, InterruptedException {
        command.run("run", small("--algorithm", "scaffold", "--rounds", "2", "--out", "run"));
        command.run("resume", small("--algorithm", "scaffold", "--rounds", "3", "--out", "run", "--resume"));
    }

    /** Digits of the locale in names of files lost the states of clients. */
    @Test
    void aResumedRunIsTheSameInArabic() throws Exception {
        Map<String, String> english = results("en", "US", LocaleIT::resumedRun);
        assertThat(english).containsEntry("code of run", "0").containsEntry("code of resume", "0");
        assertThat(english.keySet())
                .anyMatch(name -> name.matches("file run/checkpoints/clients/[0-9]+/scaffold/round-.*"));
        assertSame(english, results("ar", "EG", LocaleIT::resumedRun));
    }

    private static void everyCommand(Command command, Path own) throws IOException, InterruptedException {
        resumedRun(command, own);
        command.run("progress", small("--rounds", "1", "--progress"));
        command.run("clock", small("--world", "lognormal", "--rounds", "2", "--target", "0.5", "--out", "clock"));
        command.run("chart", "chart", "clock", "--file", "chart.svg");
        command.run("picture", "chart", "clock", "--file", "chart.png");
        Files.writeString(own.resolve("sweep.yaml"), SWEEP);
        command.run("sweep", "run", "sweep.yaml", "--out", "sweep", "--tensorboard");
        command.run("list", "list", "sweep");
        command.run("watch", "watch", "sweep");
        command.run("compare", "compare", "sweep");
        command.run("report", "report", "sweep");
        command.run("export", "export", "sweep", "--csv", "metrics.csv", "--tensorboard", "events");
        command.run("strategies", "strategies");
        command.run("help", "--help");
        command.run("bad option", "mnist", "--rounds", "many");
        command.run("bad cohort", "mnist", "--clients", "1000", "--cohort", "2000");
        command.run("bad lines", "run", "sweep.yaml");
    }

    @Test
    @Tag("long")
    void everyCommandIsTheSameUnderFourLocales() throws Exception {
        Map<String, String> english = results("en", "US", LocaleIT::everyCommand);
        for (String name : List.of("run", "clock", "chart", "picture", "sweep", "list", "watch", "report", "export")) {
            assertThat(english).containsEntry("code of " + name, "0");
        }
        assertThat(english).containsKeys("file chart.svg", "file metrics.csv", "file sweep/report.html");
        Map.of("de", "DE", "tr", "TR", "ar", "EG").forEach((language, country) -> {
            try {
                assertSame(english, results(language, country, LocaleIT::everyCommand));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
