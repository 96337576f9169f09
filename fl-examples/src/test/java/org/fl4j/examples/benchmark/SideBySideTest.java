package org.fl4j.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SideBySideTest {
    private static String printed(java.util.function.Consumer<PrintStream> work) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        work.accept(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** FL4J takes 2, 4 and 6 ms in its turns, peers 8, but the batched one 5; FedJAX fails. */
    @Test
    void tellsMediansAgainstTheBestPeer() {
        List<List<String>> commands = new ArrayList<>();
        int[] calls = {0};
        SideBySide all = new SideBySide(Path.of("venv/bin/python"), Path.of("peers"), "mnist", 3, command -> {
            commands.add(command);
            if (command.contains("org.fl4j.examples.command.Main")) {
                return "{\"round_seconds_median\": 0.00" + 2 * (1 + calls[0]++ / 2) + "}";
            }
            return command.get(1).endsWith("fedjax_loop.py")
                    ? ""
                    : "{\"round_seconds_median\": " + (command.contains("batched") ? 0.005 : 0.008) + "}";
        });
        assertThat(printed(out -> all.print(List.of(BenchmarkCase.P3), out)))
                .contains(
                        "| P3 | ms a round | against the best peer |",
                        "| FL4J, two workers | 4.0 (2.0 to 6.0) | 0.80 |",
                        "| PyTorch, two processes | 8.0 (8.0 to 8.0) | 1.60 |",
                        "| PyTorch batched by hand, one thread | 5.0 (5.0 to 5.0) | 1.00 |",
                        "| FedJAX, two threads | could not run | |");
        assertThat(commands).hasSize(30);
        assertThat(String.join(" ", commands.get(4)))
                .isEqualTo(
                        "venv/bin/python peers/torch_loops.py --kind loop --model softmax --data mnist --clients 1000"
                                + " --examples 10 --cohort 100 --batch 10 --rounds 200 --rate 0.1 --threads 1"
                                + " --processes 2");
    }

    @Test
    void runsAProcess() {
        String java = ProcessHandle.current().info().command().orElseThrow();
        assertThat(SideBySide.run(List.of(java, "-version"))).isEmpty(); // it prints to the other stream
        assertThat(SideBySide.run(List.of(java, "--version"))).isNotEmpty();
        assertThat(SideBySide.run(List.of(java, "--no-such-option"))).isEmpty();
        assertThatThrownBy(() -> new SideBySide(Path.of("a"), Path.of("b"), "", 0, command -> ""))
                .hasMessage("turns must be at least 1, but was 0");
    }

    @Test
    void costsBySizeHaveARowForEachSize(@TempDir Path charts) {
        assertThat(printed(out -> new CostBySize(2).print(List.of(1, 103), List.of(0, 5), out, Optional.of(charts)))
                        .lines()
                        .toList())
                .hasSize(9)
                .anySatisfy(line -> assertThat(line).matches("\\| 103 \\| [\\d.]+ \\| \\d+ \\| -?\\d+ \\|"))
                .anySatisfy(line -> assertThat(line).startsWith("| 4,015 | "));
        assertThat(charts).isDirectoryContaining("glob:**/cost-by-clients.png");
        assertThat(charts).isDirectoryContaining("glob:**/cost-by-parameters.png");
    }
}
