package org.fl4j.examples.combination;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every pair that is not refused runs, and shows that both sides worked. */
@Tag("long")
class CombinationsIT {
    private static TinyRun tiny;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        tiny = new TinyRun();
    }

    @AfterAll
    static void free() {
        tiny.close();
    }

    static List<Part> rows() {
        return Parts.rows();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void bothHalvesWork(Part algorithm) {
        Runs runs = new Runs(tiny, directory);
        Map<Pairing, List<String>> faults = new LinkedHashMap<>();
        Pairing.all().stream()
                .filter(pair -> pair.row().key().equals(algorithm.key()))
                .filter(pair -> pair.refusal(tiny).isEmpty())
                .forEach(pair -> faults.put(pair, pair.faults(runs)));
        faults.values().removeIf(List::isEmpty);
        assertThat(faults).isEmpty();
    }
}
