package org.fl4j.examples.combination;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Every algorithm beside every other part that has a name: built, or refused with a reason. {@link CombinationsIT} runs
 * them.
 */
class CombinationsTest {
    private static final Path PAGE = Path.of("..", "docs", "combinations.md");

    @Test
    void everyAlgorithmDeclaresWhatItShows() {
        assertThat(Parts.rows())
                .isNotEmpty()
                .allSatisfy(algorithm -> assertThat(Observables.of(algorithm))
                        .as("signs that " + algorithm.name() + " works, in Observables")
                        .hasValueSatisfying(halves -> assertThat(halves.all()).isNotEmpty()));
    }

    @Test
    void thePageSaysWhatIsBuiltAndWhatIsRefused() throws IOException {
        Map<Pairing, Optional<String>> refusals = new LinkedHashMap<>();
        try (TinyRun tiny = new TinyRun()) {
            Pairing.all().forEach(pair -> refusals.put(pair, pair.refusal(tiny)));
        }
        assertThat(refusals)
                .allSatisfy((pair, refusal) -> assertThat(refusal.orElse("something must be said"))
                        .as("refusal of " + pair)
                        .containsPattern("\\w+ must be \\w+"));
        String text = new CombinationsPage(refusals).text();
        if (Boolean.getBoolean("fl4j.write-docs")) {
            Files.writeString(PAGE, text);
        }
        assertThat(Files.readAllLines(PAGE))
                .as("docs/combinations.md, which -Dfl4j.write-docs=true -Dtest=CombinationsTest writes anew")
                .isEqualTo(text.lines().toList());
    }
}
