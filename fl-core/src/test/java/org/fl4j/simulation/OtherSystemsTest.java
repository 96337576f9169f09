package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.internal.Csv;
import org.fl4j.internal.Durable;
import org.fl4j.internal.FileNames;
import org.fl4j.internal.TextFiles;
import org.fl4j.random.Seed;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What differs between systems in principle: separators, case, roots, line ends, moves. The file systems are in memory,
 * with the rules of each system; no test ran on Windows or macOS itself.
 */
class OtherSystemsTest {
    private static FileSystem system(String name) {
        return Jimfs.newFileSystem(
                switch (name) {
                    case "windows" -> Configuration.windows();
                    case "macos" -> Configuration.osX();
                    default -> Configuration.unix();
                });
    }

    private static Path folder(FileSystem files) throws IOException {
        Path folder = files.getRootDirectories().iterator().next().resolve("a folder, with räume");
        return Files.createDirectories(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"windows", "macos", "linux"})
    void filesAreReplacedAndAppendedTo(String name) throws IOException {
        try (FileSystem files = system(name)) {
            Path file = folder(files).resolve("state.bin");
            Durable.write(file, "first".getBytes(StandardCharsets.UTF_8));
            Durable.write(file, "second".getBytes(StandardCharsets.UTF_8));
            Durable.append(file, ", third".getBytes(StandardCharsets.UTF_8));
            assertThat(Files.readString(file)).isEqualTo("second, third");
            assertThat(file.resolveSibling("state.bin.partial")).doesNotExist();
        }
    }

    /** Labels that differ in case only, and names that Windows keeps for itself. */
    @ParameterizedTest
    @ValueSource(strings = {"windows", "macos", "linux"})
    void namesMadeOfTextsNeverMeet(String name) throws IOException {
        try (FileSystem files = system(name)) {
            Path folder = folder(files);
            for (String text : List.of("krum", "Krum", "KRUM", "con", "aux.txt", "a:b", "a/b", "a\\b", "a.", ".a")) {
                Files.createDirectory(folder.resolve(FileNames.of(text)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"windows", "macos", "linux"})
    void partitionsAndRoundsAreReadBackWithAnyLineEnds(String name) throws IOException {
        try (FileSystem files = system(name)) {
            Path folder = folder(files);
            int[] labels = {0, 1, 0, 1, 0, 1};
            Partition partition = Partitioners.iid().partition(labels, 3, new Seed(1));
            Path file = folder.resolve("partition.csv");
            partition.write(file);
            assertThat(Partition.read(file)).isEqualTo(partition);
            Files.writeString(file, Files.readString(file).replace("\n", "\r\n"));
            assertThat(Partition.read(file)).isEqualTo(partition);
            Path text = Files.writeString(folder.resolve("text.csv"), "\uFEFFa,b\r\n1,2\r\n");
            assertThat(Csv.read(TextFiles.read(text)).get(1).fields()).containsExactly("1", "2");
        }
    }
}
