package org.fl4j.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds real data sets for tests: in the directory of the system property {@code fl4j.data}, or in {@code shared/data}
 * beside the project. A test whose data are missing is skipped and says so.
 */
public final class RealData {
    private RealData() {}

    /** Returns the directory of a data set, such as {@code mnist}, or skips the test. */
    public static Path directory(String name) {
        String property = System.getProperty("fl4j.data", "");
        Path root = property.isEmpty() || property.startsWith("$")
                ? Path.of("")
                        .toAbsolutePath()
                        .getParent()
                        .resolveSibling("shared")
                        .resolve("data")
                : Path.of(property);
        Path directory = root.resolve(name);
        assumeTrue(
                Files.isDirectory(directory),
                "skipped: there is no " + directory + "; set the system property fl4j.data to where " + name + " is");
        return directory;
    }
}
