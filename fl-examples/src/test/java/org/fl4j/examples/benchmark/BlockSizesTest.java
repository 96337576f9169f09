package org.fl4j.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockSizesTest {
    @Test
    void printsARowForEachNetwork() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        new BlockSizes(/* examples= */ 3, /* clients= */ 4, /* rounds= */ 2, /* repeats= */ 1)
                .print(List.of(0, 5), List.of(1, 2), new PrintStream(printed, true, StandardCharsets.UTF_8));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .hasSize(2)
                .satisfiesExactly(
                        line -> assertThat(line)
                                .matches("0 hidden units, 3 examples a client: blocks of 1 [\\d.]+ ms,"
                                        + " blocks of 2 [\\d.]+ ms"),
                        line -> assertThat(line).startsWith("5 hidden units, 3 examples a client: blocks of 1 "));
    }
}
