package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where native libraries cannot be unpacked, one message names the folder and what moves it. */
class UnusableFoldersIT {
    @TempDir
    Path directory;

    /** A folder that nobody can make, root neither: what is above it is a file. */
    private Path impossible() throws Exception {
        Path file = directory.resolve("file");
        if (!Files.exists(file)) {
            Files.createFile(file);
        }
        return file.resolve("folder");
    }

    private static void assertOneMessage(ChildJvm.Outcome outcome, String library, Path folder, String setting) {
        assertThat(outcome.code()).as(outcome.toString()).isEqualTo(1);
        assertThat(outcome.err().strip())
                .as(outcome.toString())
                .hasLineCount(1)
                .contains("folder for the native libraries of " + library
                        + " must be one that can be written to, but was " + folder + " (")
                .contains("). Set " + setting + " to another folder.");
    }

    @Test
    void ofTheEngine() throws Exception {
        ChildJvm jvm = ChildJvm.in(directory);
        String setting = "the environment variable or system property DJL_CACHE_DIR";
        Path cache = impossible().resolve("cache");
        String[] command = {"mnist", "--model", "softmax", "--rounds", "1"};
        assertOneMessage(jvm.withVariable("DJL_CACHE_DIR", cache.toString()).run(command), "PyTorch", cache, setting);
        assertOneMessage(
                jvm.withOptions("-DENGINE_CACHE_DIR=" + cache).run(command),
                "PyTorch",
                cache,
                setting.replace("DJL_CACHE_DIR", "ENGINE_CACHE_DIR"));
    }

    /** The home folder of an account that has none, and then the temporary folder, which takes its place. */
    @Test
    void ofTheEngineInAHomeThatDoesNotExist() throws Exception {
        assertOneMessage(
                ChildJvm.in(directory)
                        .withOptions("-Duser.home=" + impossible(), "-Djava.io.tmpdir=" + impossible())
                        .run("mnist", "--model", "softmax", "--rounds", "1"),
                "PyTorch",
                impossible().resolve(".djl.ai"),
                "the environment variable or system property DJL_CACHE_DIR");
    }

    @Test
    void ofTheStore() throws Exception {
        Files.createFile(directory.resolve("runs.db"));
        ChildJvm jvm = ChildJvm.in(directory);
        String setting = "the system property org.sqlite.tmpdir";
        assertOneMessage(
                jvm.withOptions("-Djava.io.tmpdir=" + impossible()).run("list", directory.toString()),
                "SQLite",
                impossible(),
                setting);
        assertOneMessage(
                jvm.withOptions("-Dorg.sqlite.tmpdir=" + impossible()).run("list", directory.toString()),
                "SQLite",
                impossible(),
                setting);
    }
}
