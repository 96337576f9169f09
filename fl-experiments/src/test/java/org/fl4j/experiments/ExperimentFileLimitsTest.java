package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fl4j.fixture.Mutations;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentFileLimitsTest extends ExperimentFileSetup {
    @Test
    void namesTheByteFromWhichAFileIsNotUtf8() throws IOException {
        Path latin = directory.resolve("latin.yaml");
        Files.write(latin, "rounds: 2\nname: médecine\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> ExperimentFile.read(latin))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(latin + " must be UTF-8, but is not from byte 17 on, in line 2");
    }

    @Test
    void byteOrderMarksAndLineEndsMakeNoDifference() throws IOException {
        ExperimentFile plain = ExperimentFile.read(file("rounds: 3\nseeds: [1, 2]\n"));
        assertThat(ExperimentFile.read(file("\uFEFFrounds: 3\r\nseeds: [1, 2]\r\n")))
                .isEqualTo(plain);
    }

    @Test
    void refusesMergeKeys() throws IOException {
        Path merged = file("training: &t {epochs: 1}\nworld:\n  <<: *t\n");
        assertThatThrownBy(() -> ExperimentFile.read(merged))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(merged + ", line 3: merge keys are not supported: repeat the fields");
    }

    /** Each level repeats the one before it three times: 3^17 values in 18 short lines. */
    @Test
    void refusesAliasesThatRepeatTooMuch() throws IOException {
        StringBuilder yaml = new StringBuilder("a0: &a0 [x]\n");
        for (int level = 1; level <= 12; level++) {
            yaml.append(tripled(level));
        }
        Path few = file(yaml.toString());
        assertThatThrownBy(() -> ExperimentFile.read(few))
                .isInstanceOf(ExperimentException.class)
                .hasMessageEndingWith(": values, with what aliases repeat, must be at most 100000, but are more");
        for (int level = 13; level <= 17; level++) {
            yaml.append(tripled(level));
        }
        Path many = file(yaml.toString());
        assertThatThrownBy(() -> ExperimentFile.read(many))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(many + ", line 1: text must be YAML, but"
                        + " Number of aliases for non-scalar nodes exceeds the specified max=50");
    }

    @Test
    void refusesFilesThatAreTooLongOrTooDeep() throws IOException {
        Path longFile = file("#".repeat(1_000_001));
        assertThatThrownBy(() -> ExperimentFile.read(longFile))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(longFile + ", line 1: file must have at most 1000000 bytes, but has 1000001");
        Path deep = file("[".repeat(100_000));
        assertThatThrownBy(() -> ExperimentFile.read(deep)).isInstanceOf(ExperimentException.class);
    }

    /** Eight fields of twenty values each are 25.6 billion runs. */
    @Test
    void refusesASweepOfTooManyRunsBeforeItIsExpanded() throws IOException {
        String values = IntStream.rangeClosed(1, 20).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        StringBuilder yaml = new StringBuilder("rounds: 3\nsweep:\n");
        for (String field : List.of("epochs", "steps", "batchSize", "momentum", "a", "b", "c", "d")) {
            yaml.append("  training.")
                    .append(field)
                    .append(": [")
                    .append(values)
                    .append("]\n");
        }
        Path file = file(yaml.toString());
        assertThatThrownBy(() -> ExperimentFile.read(file))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(file + ", line 3, sweep: runs must be at most 10000, but are 25600000000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1f", "1e-1d", "0x1p-1"})
    void refusesNumbersThatOnlyJavaUnderstands(String number) throws IOException {
        Path file = file("training: {learningRate: " + number + "}");
        assertThatThrownBy(() -> ExperimentFile.read(file))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(file + ", line 1, training.learningRate: value must be a number, but was " + number);
        Path partition = file("data: {partition: \"dirichlet:" + number + "\"}");
        assertThatThrownBy(() -> ExperimentFile.read(partition))
                .hasMessage(partition + ", line 1, data.partition: dirichlet: concentration must be a number, but was "
                        + number);
    }

    @Test
    void refusesAnArgumentOfIid() throws IOException {
        Path file = file("data: {partition: \"iid:5\"}");
        assertThatThrownBy(() -> ExperimentFile.read(file))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(
                        file + ", line 1, data.partition: iid: parameters must be left out, for there are none, but was"
                                + " 5");
    }

    @Test
    void damagedFilesGiveNothingButAnIllegalArgument() throws IOException {
        readDamaged(Mutations.FEW);
    }

    @Test
    @Tag("long")
    void manyDamagedFilesGiveNothingButAnIllegalArgument() throws IOException {
        readDamaged(Mutations.MANY);
    }

    @Test
    void refusesAFileThatIsNotThere() {
        assertThatThrownBy(() -> ExperimentFile.read(directory.resolve("none.yaml")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("file must be one that is there, but was " + directory.resolve("none.yaml"));
    }

    @Test
    void takesSeedsOfSixtyFourBits() throws IOException {
        assertThat(ExperimentFile.read(file("seeds: [3000000000, -5]")).runs())
                .extracting(run -> run.spec().seed())
                .containsExactly(3_000_000_000L, -5L);
    }

    @Test
    void namesWhatSweptNumbersAreOf() throws IOException {
        assertThat(ExperimentFile.read(file("sweep: {training.batchSize: [5], aggregator: [median]}"))
                        .runs()
                        .get(0)
                        .label())
                .isEqualTo("batchSize=5, median");
    }

    @Test
    void asynchronousRunsMayHaveFewClients() throws IOException {
        ExperimentFile file =
                ExperimentFile.read(file("data: {clients: 5}\nworld: {name: lognormal, concurrency: 2, buffer: 2}\n"));
        assertThat(file.runs().get(0).spec().cohort()).isEqualTo(5);
    }
}
