package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.fl4j.examples.docs.Snippet;
import org.fl4j.examples.docs.SnippetCompiler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reader of docs/own-aggregator.md who copies its files gets a contract test that runs. */
class DocumentedContractTest {
    private static final Path PAGE = Snippet.PROJECT.resolve("docs/own-aggregator.md");

    /** Of the libraries for tests, what each dependency in a POM brings, by a file inside. */
    private static final Map<String, List<String>> BROUGHT = Map.of(
            "<artifactId>fl-testkit</artifactId>",
            List.of(
                    "org/fl4j/testing/AggregatorContract.class",
                    "org/junit/jupiter/api/Test.class",
                    "org/junit/jupiter/engine/JupiterTestEngine.class",
                    "org/junit/platform/commons/JUnitException.class",
                    "org/junit/platform/engine/TestEngine.class",
                    "org/opentest4j/AssertionFailedError.class",
                    "org/apiguardian/api/API.class",
                    "org/assertj/core/api/Assertions.class",
                    "net/bytebuddy/ByteBuddy.class"));

    /**
     * Parts of entries that a project with that POM lacks, unless {@link #BROUGHT} has them; the launcher is Surefire's
     * own.
     */
    private static final List<String> NOT_BROUGHT = List.of(
            "org/fl4j/testing",
            "org/fl4j/fixture",
            "org/fl4j/experiments",
            "org/junit",
            "org/opentest4j",
            "org/apiguardian",
            "org/assertj",
            "net/bytebuddy",
            "com/tngtech/archunit",
            "ch/qos/logback",
            "org/fl4j/examples");

    @TempDir
    private Path folder;

    @Test
    void runsAndPasses() throws Exception {
        assertThat(outcome(text("xml"))).isEqualTo("8 tests found, 8 succeeded, 0 failed");
        assertThat(Files.readString(PAGE)).contains("`Tests run: 8`");
    }

    /** The dependency for tests is needed: this test would see if it were not in the page. */
    @Test
    void doesNotPassWithoutWhatThePageNames() throws Exception {
        String pom = text("xml");
        for (String dependency : BROUGHT.keySet()) {
            assertThat(pom).contains(dependency);
            assertThat(outcome(pom.replace(dependency, "")))
                    .as("without %s", dependency)
                    .doesNotContain(" 8 succeeded");
        }
    }

    /** Returns what the compiler says, or else what the test run prints. */
    private String outcome(String pom) throws Exception {
        List<String> errors = compile(pom);
        if (!errors.isEmpty()) {
            return String.join("\n", errors);
        }
        String runner = TestRunner.class.getName().replace('.', '/') + ".class";
        Files.createDirectories(folder.resolve(runner).getParent());
        Files.copy(
                Path.of(TestRunner.class.getResource("/" + runner).toURI()),
                folder.resolve(runner),
                StandardCopyOption.REPLACE_EXISTING);
        List<String> classPath = new ArrayList<>(documented(pom));
        classPath.add(folder.toString());
        classPath.addAll(entriesWith("org/junit/platform/launcher/Launcher.class"));
        ChildJvm.Outcome outcome =
                ChildJvm.in(folder).withClassPath(classPath).run(TestRunner.class, "com.example.WithoutExtremesTest");
        return outcome.out().isBlank() ? outcome.err() : outcome.out().strip();
    }

    private List<String> compile(String pom) throws IOException {
        List<Snippet> sources = Snippet.blocks(PAGE).stream()
                .filter(block -> block.language().equals("java"))
                .filter(SnippetCompiler::isSourceFile)
                .toList();
        return SnippetCompiler.ofThisJdk().compile(sources, String.join(File.pathSeparator, documented(pom)), folder);
    }

    /** Returns the entries of this process's class path that a project with that POM has too, or does not need. */
    private static List<String> documented(String pom) throws IOException {
        Set<String> entries = new LinkedHashSet<>(ChildJvm.ownClassPath());
        for (String file : NOT_BROUGHT) {
            entries.removeAll(entriesWith(file));
        }
        for (Map.Entry<String, List<String>> dependency : BROUGHT.entrySet()) {
            if (pom.contains(dependency.getKey())) {
                for (String file : dependency.getValue()) {
                    List<String> brought = entriesWith(file);
                    assertThat(brought).as(file).isNotEmpty();
                    entries.addAll(brought);
                }
            }
        }
        return List.copyOf(entries);
    }

    private static List<String> entriesWith(String file) throws IOException {
        List<String> found = new ArrayList<>();
        for (String entry : ChildJvm.ownClassPath()) {
            Path path = Path.of(entry);
            if (Files.isDirectory(path) ? Files.exists(path.resolve(file)) : isInJar(path, file)) {
                found.add(entry);
            }
        }
        return found;
    }

    private static boolean isInJar(Path jar, String file) throws IOException {
        if (!Files.isRegularFile(jar)) {
            return false;
        }
        try (FileSystem files = FileSystems.newFileSystem(jar)) {
            return Files.exists(files.getPath(file));
        }
    }

    private static String text(String language) {
        return Snippet.blocks(PAGE).stream()
                .filter(block -> block.language().equals(language))
                .findFirst()
                .orElseThrow()
                .text();
    }
}
