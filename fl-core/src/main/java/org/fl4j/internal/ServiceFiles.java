package org.fl4j.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files {@code META-INF/services/INTERFACE}, in which each jar names its implementations of an interface for {@link
 * java.util.ServiceLoader}. Where jars were merged into one, only one of these files may be left. Then classes are
 * there that nobody finds.
 *
 * @param service the name of the interface
 */
public record ServiceFiles(String service) {
    /** Returns the path of the files inside their jars. */
    public String path() {
        return "META-INF/services/" + service;
    }

    /** Returns what makes such files whole again, as the end of a message. */
    public String remedy() {
        return "Maybe jars were merged into one by a tool that keeps only one of several files of the same name. With"
                + " maven-shade-plugin, add ServicesResourceTransformer, which joins them; with another tool,"
                + " its like.";
    }

    /**
     * Returns what is wrong if classes are on the class path but in no file.
     *
     * @param classes names of classes that jars of their own bring, each with its file
     * @param loader of both, null for the system's
     */
    public Optional<String> lost(List<String> classes, ClassLoader loader) {
        ClassLoader present = loader == null ? ClassLoader.getSystemClassLoader() : loader;
        Set<String> named = named(present);
        Set<String> lost = new TreeSet<>();
        for (String name : classes) {
            if (!named.contains(name) && present.getResource(name.replace('.', '/') + ".class") != null) {
                lost.add(name);
            }
        }
        return lost.isEmpty()
                ? Optional.empty()
                : Optional.of(path() + " must name " + String.join(", ", lost) + ", which "
                        + (lost.size() == 1 ? "is" : "are") + " on the class path, but "
                        + (named.isEmpty() ? "there is no such file" : "names only " + String.join(", ", named)) + ". "
                        + remedy());
    }

    private Set<String> named(ClassLoader loader) {
        Set<String> named = new TreeSet<>();
        try {
            for (URL file : Collections.list(loader.getResources(path()))) {
                URLConnection connection = file.openConnection();
                connection.setUseCaches(false); // an open jar could not be replaced
                try (InputStream in = connection.getInputStream();
                        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                    lines.lines()
                            .map(line -> line.replaceFirst("#.*", "").strip())
                            .filter(line -> !line.isEmpty())
                            .forEach(named::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(path() + " cannot be read", e);
        }
        return named;
    }
}
