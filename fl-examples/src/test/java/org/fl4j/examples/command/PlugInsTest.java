package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.fl4j.examples.command.Commands.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Strategies in jars that are not on the class path. */
class PlugInsTest {
    private static final String PROVIDER = """
            package plugged;

            import java.util.List;
            import org.fl4j.core.Aggregator;
            import org.fl4j.registry.NamedStrategy;
            import org.fl4j.registry.StrategyProvider;
            import org.fl4j.server.FedAvg;

            public final class Plugged implements StrategyProvider {
                @Override
                public List<NamedStrategy<?>> strategies() {
                    return List.of(new NamedStrategy<>(Aggregator.class, "plugged", parameters -> new FedAvg()));
                }
            }
            """;

    @TempDir
    Path folder;

    private void makeJar() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        assumeTrue(compiler != null, "a JDK compiles the plug-in, but this is a runtime without a compiler");
        Path source = Files.writeString(folder.resolve("Plugged.java"), PROVIDER);
        int code = compiler.run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                source.toString());
        assertThat(code).isZero();
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(folder.resolve("plugged.jar")))) {
            jar.putNextEntry(new JarEntry("plugged/Plugged.class"));
            jar.write(Files.readAllBytes(folder.resolve("plugged/Plugged.class")));
            jar.putNextEntry(new JarEntry("META-INF/services/org.fl4j.registry.StrategyProvider"));
            jar.write("plugged.Plugged\n".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void areFoundByName() throws IOException {
        makeJar();
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        String plugIns = folder.toString();
        Outcome own = Commands.run(Commands.small("--plugins", plugIns, "--aggregator", "plugged"));
        assertThat(own.code()).as(own.toString()).isZero();
        assertThat(Commands.hash(own)).isEqualTo(Commands.hash(Commands.run(Commands.small("--aggregator", "fedavg"))));
        assertThat(Commands.run("strategies", "--plugins", plugIns).out()).contains("  plugged ");
        assertThat(Commands.run("--plugins", plugIns, "strategies").out()).contains("  plugged ");
        assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
        Outcome without = Commands.run(Commands.small("--aggregator", "plugged"));
        assertThat(without.code()).isEqualTo(2);
        assertThat(without.err()).contains("aggregator must be one of [", "but was plugged");
    }

    @Test
    void mustBeThere() {
        Outcome none =
                Commands.run("strategies", "--plugins", folder.resolve("none").toString());
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("plugins must be a folder with jars, but was " + folder.resolve("none"));
        Outcome empty = Commands.run("strategies", "--plugins", folder.toString());
        assertThat(empty.code()).isEqualTo(2);
        assertThat(empty.err()).contains("plugins must be a folder with jars, but was " + folder + ", which has none");
    }

    @Test
    void mustBeWhole() throws IOException {
        Path damaged = Files.writeString(folder.resolve("damaged.jar"), "no jar");
        Outcome outcome = Commands.run("strategies", "--plugins", folder.toString());
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("jar in plugins must be one that can be read, but was " + damaged);
    }
}
