package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script that starts the command line, beside a jar as the build makes it. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the script is for a POSIX shell")
class LauncherIT {
    private static final Path SCRIPT = Path.of("fl4j").toAbsolutePath();

    @TempDir
    Path directory;

    private Path script;

    /** Class-data archives hold classes of jars alone, so that folders of classes become jars here. */
    @BeforeEach
    void makeJar() throws IOException {
        script = Files.copy(SCRIPT, directory.resolve("fl4j"));
        List<String> classPath = new ArrayList<>();
        for (String entry : ChildJvm.ownClassPath()) {
            Path path = Path.of(entry);
            classPath.add(
                    (Files.isDirectory(path) ? packed(path) : path).toUri().toString());
        }
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Main.class.getName());
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, String.join(" ", classPath));
        try (OutputStream out = Files.newOutputStream(directory.resolve("fl-examples.jar"))) {
            new JarOutputStream(out, manifest).close();
        }
    }

    private Path packed(Path folder) throws IOException {
        Path jar = Files.createTempFile(directory, "classes", ".jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
        return jar;
    }

    private ChildJvm.Outcome run(Map<String, String> variables, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sh", script.toString()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile(directory, "out", ".txt");
        Path err = Files.createTempFile(directory, "err", ".txt");
        ProcessBuilder process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        process.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process.environment().put("FL4J_CACHE", directory.resolve("cache").toString());
        process.environment().putAll(variables);
        int code = process.start().waitFor();
        return new ChildJvm.Outcome(
                code, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void laterCallsStartFromTheArchiveOfTheFirst() throws Exception {
        ChildJvm.Outcome first = run(Map.of(), "strategies");
        assertThat(first.code()).as(first.toString()).isZero();
        assertThat(first.out()).contains("fedavg").doesNotContain("[cds]");
        try (var files = Files.list(directory.resolve("cache"))) {
            assertThat(files).singleElement().asString().endsWith(".jsa");
        }
        ChildJvm.Outcome second = run(Map.of(), "strategies");
        assertThat(second.out()).isEqualTo(first.out());
        assertThat(second.err()).isEmpty();
        Files.delete(archive());
        Files.writeString(directory.resolve("cache/broken"), "");
        assertThat(run(Map.of("FL4J_CACHE", directory.resolve("cache/broken").toString()), "strategies")
                        .out())
                .as("no archive can be written")
                .isEqualTo(first.out());
    }

    private Path archive() throws IOException {
        try (var files = Files.list(directory.resolve("cache"))) {
            return files.findFirst().orElseThrow();
        }
    }

    @Test
    void passesOnOptionsAndHowItEnded() throws Exception {
        assertThat(run(Map.of(), "no-such-command").code()).isEqualTo(2);
        ChildJvm.Outcome small = run(Map.of("FL4J_HEAP", "1"), "strategies");
        assertThat(small.code()).isEqualTo(1);
        assertThat(small.out() + small.err()).contains("heap");
        ChildJvm.Outcome options = run(Map.of("FL4J_JAVA_OPTIONS", "-XX:+PrintCommandLineFlags"), "strategies");
        assertThat(options.out()).contains("-XX:MaxHeapSize=1073741824").contains("-XX:+UseSerialGC");
    }

    @Test
    void saysWhatIsMissing() throws Exception {
        ChildJvm.Outcome noJava =
                run(Map.of("JAVA_HOME", directory.resolve("nowhere").toString()), "strategies");
        assertThat(noJava.code()).isEqualTo(1);
        assertThat(noJava.err()).startsWith("java must be on the PATH or in JAVA_HOME, but ");
        Files.delete(directory.resolve("fl-examples.jar"));
        ChildJvm.Outcome alone = run(Map.of(), "strategies");
        assertThat(alone.code()).isEqualTo(1);
        assertThat(alone.err()).startsWith("fl-examples.jar must be beside ");
    }
}
