package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.fl4j.examples.docs.Snippet;
import org.fl4j.registry.StrategyRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jars that were merged into one may have lost lines of their service files: the program says so, and what to do. */
class LostServiceFilesIT {
    private static final String SERVICES = "META-INF/services/";
    private static final String STRATEGIES = SERVICES + "org.fl4j.registry.StrategyProvider";
    private static final String ENGINES = SERVICES + "ai.djl.engine.EngineProvider";

    @TempDir
    Path directory;

    /** DJL's own jars have two such files, so one of them is left after a merge. */
    @Test
    void saysThatDjlCannotFindItsEngine() throws Exception {
        List<String> classPath = new ArrayList<>();
        for (String entry : ChildJvm.ownClassPath()) {
            boolean engine = Path.of(entry).getFileName().toString().startsWith("pytorch-engine");
            classPath.add(engine ? withoutServices(Path.of(entry)) : entry);
        }
        ChildJvm.Outcome outcome = ChildJvm.in(directory)
                .withClassPath(classPath)
                .run("mnist", "--rounds", "1", "--clients", "2", "--cohort", "2");
        assertThat(outcome.code()).as(outcome.toString()).isEqualTo(1);
        assertThat(outcome.err())
                .contains(ENGINES + " must name ai.djl.pytorch.engine.PtEngineProvider, which is on the class path, but"
                        + " names only ai.djl.engine.rpc.RpcEngineProvider")
                .contains("add ServicesResourceTransformer");
    }

    private String withoutServices(Path jar) throws IOException {
        Path copy = Files.copy(jar, directory.resolve(jar.getFileName()));
        try (FileSystem files = FileSystems.newFileSystem(URI.create("jar:" + copy.toUri()), Map.of())) {
            Files.delete(files.getPath(ENGINES));
        }
        return copy.toString();
    }

    /** Each module's provider is missed. A provider of a new module must be added to the list in the registry. */
    @Test
    void namesEachProviderOfStrategiesThatIsLost() throws IOException {
        List<String> providers = new ArrayList<>();
        try (Stream<Path> modules = Files.list(Snippet.PROJECT)) {
            for (Path file : modules.map(
                            module -> module.resolve("src/main/resources").resolve(STRATEGIES))
                    .filter(Files::exists)
                    .toList()) {
                providers.addAll(Files.readAllLines(file));
            }
        }
        assertThat(providers)
                .hasSizeGreaterThanOrEqualTo(4)
                .allSatisfy(provider -> assertThatThrownBy(() -> loadWithout(provider))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageMatching("(?s)" + Pattern.quote(STRATEGIES) + " must name [^;]*"
                                + Pattern.quote(provider)
                                + "[^;]*, which (is|are) on the class path, but names only org[.]fl4j[.].*")
                        .hasMessageContaining("add ServicesResourceTransformer"));
    }

    private static void loadWithout(String provider) {
        Thread thread = Thread.currentThread();
        ClassLoader own = thread.getContextClassLoader();
        thread.setContextClassLoader(new ClassLoader(own) {
            @Override
            public Enumeration<URL> getResources(String name) throws IOException {
                List<URL> kept = new ArrayList<>();
                for (URL file : Collections.list(super.getResources(name))) {
                    if (!name.equals(STRATEGIES) || !text(file).contains(provider)) {
                        kept.add(file);
                    }
                }
                return Collections.enumeration(kept);
            }
        });
        try {
            StrategyRegistry.load();
        } finally {
            thread.setContextClassLoader(own);
        }
    }

    private static String text(URL file) throws IOException {
        try (InputStream in = file.openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
