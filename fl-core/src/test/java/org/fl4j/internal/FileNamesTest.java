package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileNamesTest {
    private static final String LONG = "x".repeat(300);

    /** Texts that differ, some only in what file systems do not tell apart. */
    private static final List<String> TEXTS = List.of(
            "",
            ".",
            "..",
            "...",
            " ",
            "  ",
            "_",
            "a",
            "A",
            "a.",
            "a..",
            "a ",
            " a",
            "a/b",
            "a\\b",
            "a:b",
            "a_b",
            "a__b",
            "a,b",
            "a, b",
            "a,_b",
            "ä",
            "a\u0308",
            "\u00c4",
            "ı",
            "İ",
            "ß",
            "SS",
            "ss",
            "con",
            "CON",
            "Con",
            "con.txt",
            "_con",
            "nul",
            "lpt1",
            "com0",
            "../a",
            "~",
            "a~",
            "a\nb",
            "a\tb",
            "*",
            "?",
            "\"",
            "<",
            ">",
            "|",
            "\u0000",
            LONG,
            LONG + "x",
            LONG + "y",
            "X" + LONG,
            "日本",
            "日木");

    @TempDir
    Path directory;

    @Test
    void differWheneverTextsDiffer() {
        Set<String> names = new HashSet<>();
        for (String text : TEXTS) {
            String name = FileNames.of(text);
            assertThat(names.add(name.toLowerCase(Locale.ROOT)))
                    .as(text + " -> " + name)
                    .isTrue();
        }
    }

    /** A text that looks like the name of another one gets a name of its own. */
    @Test
    void noTextIsTheNameOfAnother() {
        Set<String> names = new HashSet<>();
        TEXTS.forEach(text -> names.add(FileNames.of(text)));
        for (String name : List.copyOf(names)) {
            if (!TEXTS.contains(name)) {
                assertThat(names.add(FileNames.of(name))).as(name).isTrue();
            }
        }
    }

    @Test
    void areNamesOnEverySystem() throws Exception {
        for (String text : TEXTS) {
            String name = FileNames.of(text);
            assertThat(name)
                    .matches("[A-Za-z0-9,=_~-][A-Za-z0-9.,=_~-]*")
                    .hasSizeLessThan(100)
                    .doesNotEndWith(".");
            assertThat(name.toLowerCase(Locale.ROOT)).doesNotMatch("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?");
            Files.createDirectory(directory.resolve(name));
        }
    }

    @Test
    void keepWhatIsReadable() {
        assertThat(FileNames.of("all")).isEqualTo("all");
        assertThat(FileNames.of("fedprox,mu=0.1")).isEqualTo("fedprox,mu=0.1");
        // the start of sha256sum's answer for the text
        assertThat(FileNames.of("median, shards:2")).isEqualTo("median,_shards_2~96f0f542845c");
        assertThat(FileNames.of("batchSize=10")).isEqualTo("batchSize=10~6a1f95c00d33");
    }
}
