package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fl4j.examples.command.Commands.Outcome;
import org.fl4j.examples.docs.Snippet;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.TrackingStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Types the commands of docs/getting-started.md, in their order. */
class TutorialTest {
    private static final Path PAGE = Snippet.PROJECT.resolve("docs/getting-started.md");
    private static final String PROGRAM = "java -jar fl-examples/target/fl-examples.jar ";

    @TempDir
    Path directory;

    private String[] arguments(String line) {
        return Arrays.stream(line.substring(PROGRAM.length()).split(" "))
                .map(word -> word.matches("first|second|compare.yaml")
                        ? directory.resolve(word).toString()
                        : word)
                .toArray(String[]::new);
    }

    private List<String> models(String experiment) {
        try (TrackingStore store = TrackingStore.reading(ExperimentRunner.store(directory.resolve(experiment)))) {
            return store.read().all().stream()
                    .map(StoredRun::stateSha256)
                    .map(hash -> hash.orElseThrow())
                    .toList();
        }
    }

    @Test
    void everyCommandDoesWhatThePageSays() throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        for (Snippet block : Snippet.blocks(PAGE)) {
            if (block.language().equals("yaml")) {
                Files.writeString(directory.resolve("compare.yaml"), block.text());
            }
            if (block.language().equals("bash")) {
                for (String line : block.text()
                        .lines()
                        .filter(text -> text.startsWith(PROGRAM))
                        .toList()) {
                    Outcome outcome = Commands.run(arguments(line));
                    assertThat(outcome.code()).as(line + ": " + outcome).isZero();
                    outcomes.add(outcome);
                }
            }
        }
        assertThat(outcomes).hasSize(9);
        assertThat(Commands.hash(Commands.run("mnist"))).as("the same again").isEqualTo(Commands.hash(outcomes.get(0)));
        assertThat(Commands.hash(outcomes.get(2))).as("SCAFFOLD").isNotEqualTo(Commands.hash(outcomes.get(1)));
        assertThat(outcomes.get(4).out()).contains("fedavg ", "scaffold ");
        assertThat(directory.resolve("first/report.html")).isNotEmptyFile();
        assertThat(models("second")).hasSize(4).isEqualTo(models("first"));
    }
}
