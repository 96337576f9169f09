package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.simulation.Algorithm;
import org.junit.jupiter.api.Test;

/**
 * Every module with algorithms: none of them is a part as well, for whoever set it as that part would run half of it.
 */
public abstract class WholeAlgorithmsContract {
    private static final List<Class<?>> PARTS =
            List.of(Aggregator.class, ClientSelector.class, ServerOptimizer.class, UpdateTransform.class);

    private final Class<?> one;

    /** Looks at the module of this class. */
    protected WholeAlgorithmsContract(Class<?> one) {
        this.one = one;
    }

    @Test
    void noAlgorithmIsAPartAsWell() throws IOException, URISyntaxException, ClassNotFoundException {
        List<Class<?>> algorithms = new ArrayList<>();
        Path root =
                Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file :
                    (Iterable<Path>) files.filter(path -> path.toString().endsWith(".class"))::iterator) {
                String name = root.relativize(file)
                        .toString()
                        .replace(file.getFileSystem().getSeparator(), ".");
                Class<?> type = Class.forName(
                        name.substring(0, name.length() - ".class".length()), false, one.getClassLoader());
                if (Algorithm.class.isAssignableFrom(type)) {
                    algorithms.add(type);
                }
            }
        }
        assertThat(algorithms)
                .contains(one)
                .allSatisfy(algorithm ->
                        assertThat(PARTS).as(algorithm.getName()).noneMatch(part -> part.isAssignableFrom(algorithm)));
    }
}
