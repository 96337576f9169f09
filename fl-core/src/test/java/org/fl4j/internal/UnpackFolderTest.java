package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackFolderTest {
    @TempDir
    Path directory;

    private static UnpackFolder folder(Path path) {
        return new UnpackFolder("Torch", path, "the system property TORCH_DIR");
    }

    @Test
    void namesTheFolderAndWhatMovesIt() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertThat(folder(file.resolve("below")).unwritable().orElseThrow())
                .hasMessageStartingWith(
                        "folder for the native libraries of Torch must be one that can be written to, but was "
                                + file.resolve("below") + " (java.nio.file.")
                .hasMessageEndingWith("). Set the system property TORCH_DIR to another folder.");
        assertThat(folder(directory).unloadable(new UnsatisfiedLinkError("operation not permitted")))
                .hasMessage(
                        "folder for the native libraries of Torch must be one from which libraries can be loaded (not"
                                + " mounted with noexec), but was " + directory
                                + " (java.lang.UnsatisfiedLinkError: operation not permitted). Set the system property"
                                + " TORCH_DIR to another folder.");
    }

    @Test
    void makesAFolderThatIsMissingAndLeavesItEmpty() {
        Path missing = directory.resolve("a/b");
        assertThat(folder(missing).unwritable()).isEmpty();
        assertThat(missing).isEmptyDirectory();
    }
}
