package org.fl4j.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlayTextTest {
    @TempDir
    private Path directory;

    @Test
    void readsWindowsAndWhatFollows() throws IOException {
        Files.writeString(directory.resolve("input.txt"), "abc".repeat(200)); // 150 windows of 4, less one
        try (BenchmarkData last = PlayText.read(directory, 4, /* eachPosition= */ false);
                BenchmarkData each = PlayText.read(directory, 4, /* eachPosition= */ true)) {
            assertThat(last.train().features().get("0:2").toLongArray()).containsExactly(0, 1, 2, 0, 1, 2, 0, 1);
            assertThat(last.train().labels().get("0:2").toLongArray()).containsExactly(1, 2);
            assertThat(each.train().labels().get("0:1").toLongArray()).containsExactly(1, 2, 0, 1);
            assertThat(each.train().labels().getShape()).isEqualTo(new Shape(49, 4));
            assertThat(each.test().count()).isEqualTo(100);
        }
    }

    @Test
    void refusesWhatIsTooShort() throws IOException {
        Path file = Files.writeString(directory.resolve("short.txt"), "ab".repeat(10));
        assertThatThrownBy(() -> PlayText.read(file, 4, false))
                .hasMessage("windows of the text must be more than 100, but was 4");
    }
}
