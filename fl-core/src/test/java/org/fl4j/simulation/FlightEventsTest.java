package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.server.FedAvg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a recording of Java Flight Recorder says of a run. */
class FlightEventsTest extends RunSetup {
    @TempDir
    Path folder;

    private List<RecordedEvent> recorded(SimulationBuilder run) throws IOException {
        Path file = folder.resolve("run.jfr");
        try (Recording recording = new Recording()) {
            Stream.of("Round", "Client", "Fold", "Evaluation").forEach(name -> recording.enable("org.fl4j." + name));
            recording.enable("org.fl4j.Program").withoutThreshold();
            recording.start();
            run.build().run().close();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file);
    }

    private static List<String> lines(List<RecordedEvent> events, String name, String... fields) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("org.fl4j." + name))
                .map(event -> Stream.of(fields)
                        .map(field -> event.getValue(field).toString())
                        .reduce("", (line, value) -> line + value + " ")
                        .strip())
                .sorted()
                .toList();
    }

    @Test
    void eventsNameRoundClientAndProgram() throws IOException {
        List<RecordedEvent> events = recorded(setup().rounds(2)
                .selector(SmallRuns.FIRST)
                .cohortSize(2)
                .workers(2)
                .blockTraining(BlockTraining.NEVER)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 2));
        assertThat(lines(events, "Round", "round")).containsExactly("1", "2");
        assertThat(lines(events, "Client", "round", "client", "work"))
                .contains("1 0 train", "1 1 train", "2 0 train", "2 1 train", "2 4 evaluate")
                .doesNotContain("1 0 evaluate");
        assertThat(lines(events, "Fold", "round", "client")).containsExactly("1 0", "1 1", "2 0", "2 1");
        assertThat(lines(events, "Evaluation", "round", "clients")).containsExactly("1 0", "2 " + Fixtures.CLIENTS);
        assertThat(lines(events, "Program", "method")).contains("train", "add_scaled");
    }

    @Test
    void eventsOfBlocksNameOneOfTheirClients() throws IOException {
        List<RecordedEvent> events = recorded(setup().rounds(1)
                .aggregator(new FedAvg())
                .selector(SmallRuns.FIRST)
                .cohortSize(4)
                .blockSize(2)
                .blockTraining(BlockTraining.ALWAYS));
        assertThat(lines(events, "Client", "round", "client", "work")).containsExactly("1 0 train", "1 2 train");
        assertThat(lines(events, "Fold", "round", "client")).containsExactly("1 0", "1 2");
    }
}
