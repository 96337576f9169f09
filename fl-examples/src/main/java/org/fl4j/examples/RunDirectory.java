package org.fl4j.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fl4j.data.PartitionReport;

/** The directory a run writes to. */
final class RunDirectory {
    private RunDirectory() {}

    static void writeReport(Path directory, PartitionReport report) {
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("partition.csv"), report.toCsv());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to " + directory + ": " + e.getMessage(), e);
        }
    }
}
