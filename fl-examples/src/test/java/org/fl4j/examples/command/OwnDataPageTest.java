package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.fl4j.examples.CustomData;
import org.fl4j.examples.command.Commands.Outcome;
import org.fl4j.examples.docs.Snippet;
import org.fl4j.examples.docs.SnippetCompiler;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reader of docs/own-data.md declares, runs, compares and replays an experiment with a CSV file and a network. */
class OwnDataPageTest {
    private static final Path PAGE = Snippet.PROJECT.resolve("docs/own-data.md");

    @TempDir
    Path folder;

    private String jars;
    private Path csv;

    private static List<Snippet> blocks(String language) {
        return Snippet.blocks(PAGE).stream()
                .filter(block -> block.language().equals(language))
                .toList();
    }

    /** Makes what the page says: a jar in a folder, and the file. */
    @BeforeEach
    void follow() throws IOException {
        Path classes = Files.createDirectory(folder.resolve("classes"));
        assertThat(SnippetCompiler.ofThisJdk().compile(blocks("java"), SnippetCompiler.classPath(), classes))
                .isEmpty();
        Path into = Files.createDirectory(folder.resolve("jars"));
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(into.resolve("mine.jar")));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                jar.putNextEntry(
                        new JarEntry(classes.relativize(file).toString().replace('\\', '/')));
                jar.write(Files.readAllBytes(file));
            }
            jar.putNextEntry(new JarEntry("META-INF/services/org.fl4j.registry.StrategyProvider"));
            jar.write(blocks("services").get(0).text().getBytes(StandardCharsets.UTF_8));
        }
        jars = into.toString();
        csv = folder.resolve("patients.csv");
        try (InputStream patients = CustomData.class.getResourceAsStream("patients.csv")) {
            Files.copy(patients, csv);
        }
    }

    @Test
    void dataAndModelHaveNamesInExperiments() throws IOException {
        String yaml = blocks("yaml").get(0).text().replace("file=patients.csv", "file=" + csv);
        Path file = Files.writeString(folder.resolve("patients.yaml"), yaml);
        String out = folder.resolve("out").toString();
        Outcome run = Commands.run("run", file.toString(), "--out", out, "--plugins", jars, "--no-progress");
        assertThat(run.code()).as(run.toString()).isZero();
        assertThat(run.out()).contains("run 4 of 4: ditto:lambda=0.1, seed 2");
        Outcome compared = Commands.run("compare", out, "--metric", "client/test/accuracy", "--plugins", jars);
        assertThat(compared.out()).contains("fedavg ", "ditto:lambda=0.1 ");
        Matcher key = Pattern.compile("\\b[0-9a-f]{12}\\b")
                .matcher(Commands.run("list", out, "--plugins", jars).out());
        assertThat(key.find()).isTrue();
        Outcome replayed =
                Commands.run("replay", out, "--run", key.group(), "--round", "3", "--client", "2", "--plugins", jars);
        assertThat(replayed.out()).endsWith("the same\n");
        Outcome without = Commands.run(
                "run", file.toString(), "--out", folder.resolve("other").toString());
        assertThat(without.err()).contains("data.set: dataset must be one of [cifar, fcube, mnist], but was csv");
    }

    @Test
    void dataAndModelHaveNamesOnTheCommandLine() {
        String[] common = {"train", "--plugins", jars, "--set", "csv:file=" + csv, "--model", "small", "--rounds", "8"};
        Outcome owners =
                Commands.run(Commands.with(common, "--partition", "owners", "--clients", "4", "--cohort", "4"));
        assertThat(owners.code()).as(owners.toString()).isZero();
        assertThat(Commands.hash(owners)).hasSize(64);
        assertThat(Commands.run(Commands.with(common, "--partition", "owners", "--cohort", "4"))
                        .err())
                .contains("clients must be the number of distinct owners, 4, but was 100");
        assertThat(Commands.run("schema", "--plugins", jars).out()).contains("\"csv\"", "\"small\"");
        assertThat(Commands.run("strategies", "--plugins", jars).out()).contains("  csv ", "{units=16}");
    }
}
