package org.fl4j.experiments.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeatMapTest {
    @TempDir
    Path directory;

    private String drawn(List<String> names) throws Exception {
        Partition partition =
                Partition.of(List.of(new int[] {0}, new int[] {1})).named(names);
        String csv = PartitionReport.of(partition, new int[] {0, 1}).toCsv();
        return HeatMap.of(Files.writeString(directory.resolve("partition.csv"), csv));
    }

    @Test
    void namesOfClientsDoNotMoveTheClasses() throws Exception {
        assertThat(drawn(List.of("a,b,c", "two\nlines, \"quoted\"")))
                .isEqualTo(drawn(List.of("first", "second")))
                .contains("<rect x=\"0\" y=\"0\"", "<rect x=\"1\" y=\"1\"");
    }
}
