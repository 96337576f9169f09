package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.fl4j.fixture.ForeignReaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
    private static final List<List<String>> ROWS = List.of(
            List.of("plain", "a,b", "say \"so\"", ""),
            List.of("\n", "\r", "\r\n", "\""),
            List.of(" space ", "two\nlines", "ünï", ",\",\n\","));

    @TempDir
    Path directory;

    private static String text() {
        return ROWS.stream().map(row -> Csv.line(row) + "\n").collect(Collectors.joining());
    }

    @Test
    void readsWhatItWrote() {
        assertThat(Csv.read(text())).extracting(Csv.Row::fields).isEqualTo(ROWS);
        assertThat(Csv.read(text())).allMatch(Csv.Row::ended);
        assertThat(Csv.line(List.of("plain", "a b"))).isEqualTo("plain,a b");
    }

    @Test
    void pythonReadsItToo() throws Exception {
        Path file = Files.writeString(directory.resolve("rows.csv"), text());
        String json = ForeignReaders.python(
                "import csv, json, sys; print(json.dumps(list(csv.reader(open(sys.argv[1], newline='')))))", file);
        List<List<String>> read = new ArrayList<>();
        for (JsonElement row : ForeignReaders.strictJson(json).getAsJsonArray()) {
            JsonArray fields = row.getAsJsonArray();
            read.add(fields.asList().stream().map(JsonElement::getAsString).toList());
        }
        assertThat(read).isEqualTo(ROWS);
    }

    @Test
    void readsLinesOfEverySystem() {
        assertThat(Csv.read("a,b\r\nc,d\re,f\ng"))
                .containsExactly(
                        new Csv.Row(List.of("a", "b"), "a,b", true),
                        new Csv.Row(List.of("c", "d"), "c,d", true),
                        new Csv.Row(List.of("e", "f"), "e,f", true),
                        new Csv.Row(List.of("g"), "g", false));
        assertThat(Csv.read("")).isEmpty();
    }

    @Test
    void aFileKeepsWholeRecordsOnly() throws Exception {
        Path path = directory.resolve("below/file.csv");
        CsvFile file = new CsvFile(path);
        assertThat(file.isEmpty()).isTrue();
        file.keep(fields -> true); // of no file
        ROWS.forEach(file::append);
        byte[] torn = "\"a quoted fie\u00e4".getBytes(StandardCharsets.UTF_8);
        Files.write(path, Arrays.copyOf(torn, torn.length - 1), StandardOpenOption.APPEND);
        file.keep(fields -> !fields.get(0).equals("plain"));
        assertThat(Csv.read(Files.readString(path))).extracting(Csv.Row::fields).isEqualTo(ROWS.subList(1, 3));
        assertThat(path.resolveSibling("file.csv.partial")).doesNotExist();
        file.append(ROWS.get(0));
        assertThat(Csv.read(Files.readString(path))).hasSize(3);
    }
}
