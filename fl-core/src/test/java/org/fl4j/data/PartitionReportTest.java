package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.internal.Csv;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionReportTest {
    private static final List<String> NAMES = List.of("a, \"b\"", "two\nlines", "and\r\nmore", "plain");

    @TempDir
    Path directory;

    @Test
    void namesOfClientsStayWhatTheyAre() throws Exception {
        int[] labels = {0, 1, 0, 1};
        Partition partition = Partition.of(List.of(new int[] {0}, new int[] {1}, new int[] {2}, new int[] {3}))
                .named(NAMES);
        String csv = PartitionReport.of(partition, labels).toCsv();
        List<List<String>> rows = Csv.read(csv).stream().map(Csv.Row::fields).toList();
        assertThat(rows).hasSize(5).allSatisfy(row -> assertThat(row).hasSize(8));
        assertThat(rows.subList(1, 5)).extracting(row -> row.get(1)).isEqualTo(NAMES);
        Path file = Files.writeString(directory.resolve("partition.csv"), csv);
        assertThat(ForeignReaders.python(
                        "import csv, sys; print([r['name'] for r in csv.DictReader(open(sys.argv[1], newline=''))])",
                        file))
                .isEqualTo("['a, \"b\"', 'two\\nlines', 'and\\r\\nmore', 'plain']\n");
    }
}
