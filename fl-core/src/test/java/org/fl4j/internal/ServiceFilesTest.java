package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceFilesTest {
    private static final ServiceFiles FILES = new ServiceFiles("org.example.Shape");
    private static final String REMEDY = ". Maybe jars were merged into one by a tool that keeps only one of several"
            + " files of the same name. With maven-shade-plugin, add ServicesResourceTransformer, which joins"
            + " them; with"
            + " another tool, its like.";

    @TempDir
    Path directory;

    private Optional<String> lost(String... folders) throws IOException {
        URL[] urls = new URL[folders.length];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = directory.resolve(folders[i]).toUri().toURL();
        }
        try (URLClassLoader loader = new URLClassLoader(urls, null)) {
            return FILES.lost(List.of("org.example.Circle", "org.example.Square"), loader);
        }
    }

    private void write(String file, String text) throws IOException {
        Path path = directory.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void areWholeIfTheyNameAllClassesThatAreThere() throws IOException {
        write("a/org/example/Circle.class", "");
        write("a/META-INF/services/org.example.Shape", "# ours\norg.example.Circle # round\n");
        write("b/org/example/Square.class", "");
        write("b/META-INF/services/org.example.Shape", "org.example.Square");
        assertThat(lost("a/", "b/")).isEmpty();
        assertThat(lost("a/")).as("no square is there").isEmpty();
        assertThat(lost()).isEmpty();
    }

    @Test
    void nameTheClassesThatNobodyFinds() throws IOException {
        write("a/org/example/Circle.class", "");
        write("a/org/example/Square.class", "");
        assertThat(lost("a/"))
                .contains("META-INF/services/org.example.Shape must name org.example.Circle, org.example.Square, which"
                        + " are on the class path, but there is no such file" + REMEDY);
        write("a/META-INF/services/org.example.Shape", "org.example.Circle");
        assertThat(lost("a/"))
                .contains(
                        "META-INF/services/org.example.Shape must name org.example.Square, which is on the class path,"
                                + " but names only org.example.Circle" + REMEDY);
    }
}
