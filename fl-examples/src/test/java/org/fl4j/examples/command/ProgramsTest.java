package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fl4j.examples.CustomAggregator;
import org.fl4j.examples.CustomAlgorithm;
import org.fl4j.examples.CustomClient;
import org.fl4j.examples.CustomData;
import org.fl4j.examples.CustomModel;
import org.fl4j.examples.DeclaredExperiment;
import org.fl4j.examples.GraphOfClients;
import org.fl4j.examples.OortSelection;
import org.fl4j.examples.Personalisation;
import org.fl4j.examples.PrivateTraining;
import org.fl4j.examples.PrototypeLearning;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs to read do what they say. */
class ProgramsTest {
    private interface Program {
        void run() throws IOException;
    }

    @TempDir
    Path directory;

    private static String output(Program program) {
        return Commands.output(() -> {
            try {
                program.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Returns the numbers of a line that matches a pattern. */
    private static double number(String output, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(output);
        assertThat(matcher.find()).as(output).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void ownClientAggregatorAndAlgorithm() throws IOException {
        String[] none = {};
        assertThat(output(() -> CustomClient.main(none))).contains("round 5 accuracy 0.");
        assertThat(output(() -> CustomAggregator.main(none))).contains("round 5 accuracy 0.");
        assertThat(output(() -> CustomAlgorithm.main(none))).contains("round 5 accuracy 0.");
    }

    @Test
    void ownDataAndModel() throws IOException {
        String[] none = {};
        assertThat(number(output(() -> CustomData.main(none)), "accuracy ([0-9.]+)"))
                .isGreaterThan(.8);
        String model = output(() -> CustomModel.main(none));
        assertThat(number(model, "best two ([0-9.]+)")).isGreaterThan(number(model, "accuracy ([0-9.]+)"));
    }

    @Test
    void privacy() throws IOException {
        String privacy = output(() -> PrivateTraining.main(new String[0]));
        assertThat(number(privacy, "epsilon ([0-9.]+)")).isBetween(7.0, 8.0);
        assertThat(number(privacy, "accuracy ([0-9.]+)")).isGreaterThan(.3);
    }

    @Test
    void oortIsFasterThanUniformSelection() throws IOException {
        String selection = output(() -> OortSelection.main(new String[0]));
        assertThat(number(selection, "oort +([0-9.]+) s")).isLessThan(number(selection, "uniform +([0-9.]+) s"));
    }

    @Test
    void modelsOfClients() throws IOException {
        assertThat(number(output(() -> GraphOfClients.main(new String[0])), "own data ([0-9.]+)"))
                .isGreaterThan(.6);
        String ditto = output(() -> Personalisation.main(new String[0]));
        assertThat(number(ditto, "their own ([0-9.]+)")).isGreaterThan(number(ditto, "all data ([0-9.]+)"));
    }

    @Test
    void prototypesInPlaceOfModels() throws IOException {
        String prototypes = output(() -> PrototypeLearning.main(new String[0]));
        assertThat(number(prototypes, "own data ([0-9.]+)")).isGreaterThan(.7);
        assertThat(prototypes).contains(" 4040 bytes a client"); // ten classes, a hundred units and a count
    }

    @Test
    void aDeclaredExperiment() throws IOException {
        String[] into = {directory.toString()};
        assertThat(output(() -> DeclaredExperiment.main(into))).contains("median, seed 2: accuracy 0.");
        assertThat(output(() -> DeclaredExperiment.main(into))).contains("finished before: ");
    }
}
