package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.core.Aggregator;
import org.fl4j.registry.StrategyRegistry;
import org.junit.jupiter.api.Test;

/** The schema of experiment files and the page of fields say what the table of fields says. */
class FieldPagesTest {
    private static final Path DOCS = Path.of("..", "docs");
    private static final String WRITE = ", which -Dfl4j.write-docs=true -Dtest=FieldPagesTest writes anew";

    private static void requireWritten(Path file, String text) throws IOException {
        if (Boolean.getBoolean("fl4j.write-docs")) {
            Files.writeString(file, text);
        }
        assertThat(Files.readAllLines(file))
                .as(file + WRITE)
                .isEqualTo(text.lines().toList());
    }

    @Test
    void theSchemaIsThatOfTheTable() throws IOException {
        requireWritten(DOCS.resolve("experiment.schema.json"), ExperimentSchema.json());
    }

    @Test
    void thePageIsThatOfTheTable() throws IOException {
        requireWritten(DOCS.resolve("fields.md"), FieldsPage.text());
    }

    private static List<String> faults(String yaml) {
        JsonSchema schema =
                JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(ExperimentSchema.json());
        return schema.validate(yaml, InputFormat.YAML).stream()
                .map(fault -> fault.getMessage())
                .toList();
    }

    /** An editor with the schema accepts what is read, and marks what is refused. */
    @Test
    void editorsSeeFaultsByTheSchema() {
        assertThat(faults("""
                name: robustness
                data: {set: mnist, source: digits, partition: iid, clients: 100}
                model: 2nn
                training: {learningRate: 0.1, epochs: 1, batchSize: 10}
                metrics: [accuracy, "top-k:k=2"]
                cohort: 10
                rounds: 20
                updates: {onDisk: true}
                seeds: [1, 2, 3]
                sweep:
                  aggregator: [fedavg, median]
                  data.partition: [iid, "shards:2"]
                """)).isEmpty();
        for (String wrong : List.of(
                "rouds: 3",
                "rounds: three",
                "rounds: 0",
                "rounds: [3]",
                "data: mnist",
                "data: {sett: mnist}",
                "data: {localTest: 1}",
                "training: {learningRate: 0}",
                "training: {optimizer: adamw}",
                "target: 90",
                "metrics: accuracy",
                "seeds: 3",
                "sweep: {agregator: [median]}",
                "sweep: {aggregator: median}")) {
            assertThat(faults(wrong)).as(wrong).isNotEmpty();
        }
    }

    /** Every name of a kind that fields have is in the page. */
    @Test
    void thePageHasEveryName() {
        StrategyRegistry names = StrategyRegistry.load();
        String page = FieldsPage.text();
        for (Field field : FieldTable.all()) {
            field.kind()
                    .ifPresent(kind ->
                            names.names(kind).forEach(name -> assertThat(page).contains("| `" + name + "` |")));
        }
        assertThat(names.names(Aggregator.class)).isNotEmpty();
    }
}
