package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * MIRA in a project without ND4J, which is an optional dependency: the message says what to add, before the first
 * round.
 */
class MissingNd4jIT {
    @TempDir
    Path directory;

    private ChildJvm.Outcome mira(ChildJvm jvm) throws Exception {
        return jvm.run("mnist", "--algorithm", "mira", "--rounds", "1", "--clients", "4", "--cohort", "2");
    }

    @Test
    void namesTheArtifactToAdd() throws Exception {
        List<String> without = ChildJvm.ownClassPath().stream()
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith("nd4j"))
                .toList();
        assertThat(without).hasSizeLessThan(ChildJvm.ownClassPath().size());
        ChildJvm jvm = ChildJvm.in(directory);
        ChildJvm.Outcome outcome = mira(jvm.withClassPath(without));
        assertThat(outcome.code()).as(outcome.toString()).isEqualTo(1);
        assertThat(outcome.err())
                .contains("MIRA needs ND4J for its graph's spectrum: add org.nd4j:nd4j-native and its jar for"
                        + " this platform")
                .doesNotContain("\tat ");
        assertThat(mira(jvm).code()).isZero();
    }
}
