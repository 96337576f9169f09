package org.fl4j.examples.command;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.fl4j.internal.Check;

/** The jars of a folder, whose strategies are found by name. */
final class PlugIns implements AutoCloseable {
    private final URLClassLoader jars;

    private PlugIns(List<URL> jars) {
        this.jars = new URLClassLoader("plug-ins", jars.toArray(URL[]::new), PlugIns.class.getClassLoader());
    }

    /**
     * Opens the jars of a folder.
     *
     * @throws IllegalArgumentException if it is no folder, has no jars, or one that cannot be read
     * @throws IOException if the folder cannot be read
     */
    static PlugIns open(Path folder) throws IOException {
        Check.that(Files.isDirectory(folder), "plugins", "a folder with jars", folder);
        List<Path> jars;
        try (Stream<Path> files = Files.list(folder)) {
            jars = files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted() // so that of two classes of one name it is always the same that counts
                    .toList();
        }
        Check.that(!jars.isEmpty(), "plugins", "a folder with jars", folder + ", which has none");
        List<URL> addresses = new ArrayList<>();
        for (Path jar : jars) {
            requireWhole(jar);
            addresses.add(jar.toUri().toURL());
        }
        return new PlugIns(addresses);
    }

    /** A class loader would pass a damaged jar by without a word. */
    private static void requireWhole(Path jar) {
        try {
            new JarFile(jar.toFile()).close();
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "jar in plugins must be one that can be read, but was " + jar + " (" + e.getMessage() + ")", e);
        }
    }

    /** Runs a command; this thread and those that it starts find the strategies by name. */
    int during(IntSupplier command) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(jars);
        try {
            return command.getAsInt();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void close() throws IOException {
        jars.close();
    }
}
