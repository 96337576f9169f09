package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** In Arabic of Egypt the default locale has digits of its own, which must not get into names that programs read. */
@Isolated("the default locale is one for all tests")
class LocaleTest extends TensorTest {
    private final Locale before = Locale.getDefault();

    @TempDir
    Path directory;

    @AfterEach
    void restore() {
        Locale.setDefault(before);
    }

    private static void inArabic() {
        Locale.setDefault(new Locale("ar", "EG"));
        assertThat(String.format(Locale.getDefault(), "%d", 1))
                .as("this machine has the digits")
                .isEqualTo("\u0661");
    }

    @Test
    void clientStatesAreFoundWhateverTheLocale() {
        inArabic();
        ClientId client = new ClientId(7);
        try (DiskClientStates states = new DiskClientStates(directory)) {
            states.stage(client, Slot.ofClient("steps"), StrategyState.empty().with("steps", 3.0));
            states.commit(12, List.of(client), 0);
        }
        assertThat(directory.resolve("7/steps/round-000012.safetensors")).exists();
        Locale.setDefault(Locale.ENGLISH);
        try (DiskClientStates states = new DiskClientStates(directory)) {
            assertThat(states.load(client, Slot.ofClient("steps"), manager)
                            .orElseThrow()
                            .numbers())
                    .containsEntry("steps", 3.0);
        }
    }

    @Test
    void allFilesOfARunHaveTheSameNames() {
        List<String> english = files("en");
        inArabic();
        assertThat(files("ar")).isEqualTo(english);
        assertThat(english)
                .allSatisfy(name -> assertThat(name).matches("\\p{ASCII}+"))
                .anySatisfy(name -> assertThat(name).startsWith("spilled/round-000001/client-"));
    }

    /** Runs with all that writes files, and returns the files' names without what chance gives them. */
    private List<String> files(String name) {
        Path own = directory.resolve(name);
        try (Dataset digits = Fixtures.digits();
                RunResult result = Fixtures.softmaxRun(digits)
                        .rounds(2)
                        .aggregator(new ListAggregator(
                                updates -> updates.get(0).delta().copy())) // so that they are spilled
                        .updateStore(new DiskUpdateStore(own.resolve("spilled"), DiskUpdateStore.Retention.RETAIN))
                        .checkpoints(own.resolve("checkpoints"), 1)
                        .listener(new CsvListener(own.resolve("rounds.csv"), List.of("test/accuracy")))
                        .listener(new TaskLog(own.resolve("tasks.log")))
                        .build()
                        .run()) {
            assertThat(result.history()).hasSize(2);
            try (Stream<Path> all = Files.walk(own)) {
                return all.filter(Files::isRegularFile)
                        .map(file -> own.relativize(file).toString())
                        .sorted()
                        .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
