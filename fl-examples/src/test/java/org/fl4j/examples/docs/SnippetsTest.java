package org.fl4j.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fl4j.experiments.ExperimentException;
import org.fl4j.experiments.ExperimentFile;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Models;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.internal.TorchScript;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that README.md, the pages in docs and javadoc show as code is what it says it is. */
class SnippetsTest {
    private static final Set<String> LANGUAGES =
            Set.of("java", "xml", "yaml", "bash", "services", "torchscript", "python", "text");

    /** {@code new Type(...)} or {@code Type.method(...)}, and what follows. */
    private static final Pattern EXPRESSION = Pattern.compile("(new )?[A-Z]\\w*(\\.\\w+)*\\(.*\\)");

    private static final Pattern CALL = Pattern.compile("([a-z]\\w*)\\(.*\\)");

    private static final Set<String> BUILDER_METHODS = Arrays.stream(SimulationBuilder.class.getMethods())
            .filter(method -> method.getDeclaringClass() == SimulationBuilder.class)
            .map(method -> method.getName())
            .collect(Collectors.toSet());

    @TempDir
    private Path folder;

    private static List<Snippet> all() {
        return Stream.concat(Snippet.blocks().stream(), Snippet.javadoc().stream())
                .toList();
    }

    private static List<Snippet> all(String language) {
        List<Snippet> snippets = all().stream()
                .filter(snippet -> snippet.language().equals(language))
                .toList();
        assertThat(snippets).as(language).isNotEmpty();
        return snippets;
    }

    @Test
    void namesTheLanguageOfEveryBlock() {
        assertThat(all().stream()
                        .filter(snippet -> !LANGUAGES.contains(snippet.language()))
                        .map(Snippet::place))
                .isEmpty();
    }

    @Test
    void compilesTheJavaOfPagesAndJavadoc() throws IOException {
        List<Snippet> snippets = new ArrayList<>(all("java"));
        for (Snippet span : Snippet.spans()) {
            if (EXPRESSION.matcher(span.text()).matches()) {
                snippets.add(span);
            } else if (CALL.matcher(span.text()).matches()
                    && BUILDER_METHODS.contains(span.text().replaceFirst("\\(.*", ""))) {
                snippets.add(new Snippet(span.file(), span.line(), "java", "Simulation.builder()." + span.text()));
            }
        }
        assertThat(SnippetCompiler.ofThisJdk().compile(snippets, SnippetCompiler.classPath(), folder))
                .isEmpty();
    }

    /** The compiler of snippets must be able to fail, and say where. */
    @Test
    void namesFileAndLineOfASnippetThatDoesNotCompile() throws IOException {
        Path page = Path.of("page.md");
        List<Snippet> wrong = List.of(
                new Snippet(page, 10, "java", "int a = 1;\nint b = c;"),
                new Snippet(page, 20, "java", "LocalTraining.sgd(0.1)\n        .momentum(0.9)"),
                new Snippet(page, 30, "java", "import java.util.List;\n\nclass A {\n    Set<String> names;\n}"),
                new Snippet(page, 40, "java", "int c = 1;"));
        assertThat(SnippetCompiler.ofThisJdk().compile(wrong, SnippetCompiler.classPath(), folder))
                .map(message -> message.lines().findFirst().orElseThrow())
                .containsExactlyInAnyOrder(
                        "page.md:11: cannot find symbol",
                        "page.md:21: cannot find symbol",
                        "page.md:33: cannot find symbol");
    }

    /** A page that shows a whole program of fl-examples shows it as it is. */
    @Test
    void showsProgramsAsTheyAre() throws IOException {
        requireAsItIs("class QuickStart", "QuickStart");
        requireAsItIs("record CustomAlgorithm", "CustomAlgorithm");
    }

    private static void requireAsItIs(String declaration, String program) throws IOException {
        String shown = all("java").stream()
                .filter(SnippetCompiler::isSourceFile)
                .map(Snippet::text)
                .filter(text -> text.contains(declaration))
                .findFirst()
                .orElseThrow();
        String source = Files.readString(Path.of("src/main/java/org/fl4j/examples/" + program + ".java"));
        assertThat(source).isEqualTo("package org.fl4j.examples;\n\n" + shown + "\n");
    }

    @Test
    void readsTheExperiments() throws IOException {
        List<String> refused = new ArrayList<>();
        for (Snippet snippet : all("yaml")) {
            if (snippet.file().endsWith("own-data.md")) {
                continue; // OwnDataPageTest runs it, with the plug-in of that page
            }
            Path file = Files.writeString(folder.resolve("experiment.yaml"), snippet.text());
            try {
                assertThat(ExperimentFile.read(file).runs()).isNotEmpty();
            } catch (ExperimentException e) {
                refused.add(snippet.place() + ": " + e.getMessage());
            }
        }
        assertThat(refused).isEmpty();
    }

    @Test
    void readsTheStudies() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "docs", "studies"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".yaml")))
                    .isNotEmpty()
                    .allSatisfy(
                            file -> assertThat(ExperimentFile.read(file).runs()).hasSizeGreaterThan(4));
        }
    }

    @Test
    void compilesTheProgramsOfTensors() {
        for (Snippet snippet : all("torchscript")) {
            try (NDManager manager = TensorEngine.newManager(Device.cpu())) {
                assertThat(TorchScript.compile(manager, snippet.text() + "\n"))
                        .as(snippet.place())
                        .isNotNull();
            }
        }
    }

    /** Python is not run here, but the names it looks for are those of a checkpoint. */
    @Test
    void namesParametersAsTheyAre() {
        try (FederatedModel model = new FederatedModel(Models.mnist2nn())) {
            String name = "model/" + model.layout().parameters().get(0).name();
            assertThat(Snippet.spans()).extracting(Snippet::text).contains(name);
        }
    }

    @Test
    void namesArtifactsAndVersionsOfThisProject() throws Exception {
        ProjectPom pom = new ProjectPom(Snippet.PROJECT.resolve("pom.xml"));
        List<String> wrong = new ArrayList<>();
        for (Snippet snippet : all("xml")) {
            pom.faults(snippet.text()).forEach(fault -> wrong.add(snippet.place() + ": " + fault));
        }
        for (Snippet span : Snippet.spans()) {
            pom.faultOfCoordinates(span.text()).ifPresent(fault -> wrong.add(span.place() + ": " + fault));
        }
        assertThat(wrong).isEmpty();
        assertThat(pom.faults(Files.readString(Snippet.PROJECT.resolve("fl-bom/pom.xml"))))
                .as("bill of materials")
                .isEmpty();
        assertThat(pom.faults("<dependency><groupId>org.fl4j</groupId><artifactId>fl-cor</artifactId>"
                        + "<version>0.1.0-SNAPSHOT</version></dependency>"))
                .containsExactly("org.fl4j:fl-cor:0.1.0-SNAPSHOT is not an artifact of this build");
        assertThat(pom.faults("<dependency><groupId>ai.djl.pytorch</groupId><artifactId>pytorch-native-cpu</artifactId>"
                        + "<version>1</version></dependency>"))
                .containsExactly("ai.djl.pytorch:pytorch-native-cpu:1 is 2.7.1 in this build");
        assertThat(pom.faults("<dependency>")).singleElement().asString().startsWith("is not XML");
    }

    /** What a page says to write into a service file is a class that a page shows, or one of this project. */
    @Test
    void namesClassesThatAreShownInServiceFiles() {
        String shown = all("java").stream().map(Snippet::text).collect(Collectors.joining("\n"));
        for (Snippet snippet : all("services")) {
            String type = snippet.text().strip().replaceFirst(".*\\.", "");
            assertThat(Optional.of(shown).filter(text -> text.contains("class " + type)))
                    .as(snippet.place())
                    .isPresent();
        }
    }
}
