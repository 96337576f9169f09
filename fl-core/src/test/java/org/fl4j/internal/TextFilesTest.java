package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {
    @TempDir
    Path directory;

    private Path file(byte[] content) throws IOException {
        return Files.write(directory.resolve("text.csv"), content);
    }

    @Test
    void byteOrderMarksAndLineEndsMakeNoDifference() throws IOException {
        for (String text : new String[] {"é\nb\n", "é\r\nb\r\n", "\uFEFFé\nb\n", "\uFEFFé\r\nb\r\n", "é\rb\r"}) {
            assertThat(TextFiles.read(file(text.getBytes(StandardCharsets.UTF_8))))
                    .isEqualTo("é\nb\n");
        }
    }

    @Test
    void namesTheByteAndTheLineFromWhichTextIsNotUtf8() throws IOException {
        Path latin = file("a\r\nb\nmé\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> TextFiles.read(latin))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(latin + " must be UTF-8, but is not from byte 6 on, in line 3");
        Path cut = file(new byte[] {'a', (byte) 0xC3});
        assertThatThrownBy(() -> TextFiles.read(cut))
                .hasMessage(cut + " must be UTF-8, but is not from byte 1 on, in line 1");
    }

    @Test
    void namesAFileThatIsNotThere() {
        Path missing = directory.resolve("missing.csv");
        assertThatThrownBy(() -> TextFiles.read(missing))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage("cannot read " + missing + ": no such file");
    }
}
