package org.fl4j.experiments;

import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.data.Dataset;
import org.fl4j.data.DatasetSource;
import org.fl4j.data.Partitioner;
import org.fl4j.internal.Check;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.LearningTask;
import org.fl4j.model.ModelFactory;

/** What is learned, by whom. */
final class DataPart {
    private static final String SOURCE = "source";

    private final Values values;
    private final Map<String, String> source;

    DataPart(Values values) {
        this.values = values;
        source = values.text("data.source").map(text -> Map.of(SOURCE, text)).orElse(Map.of());
        dataset();
        Check.inRange("heldOut", 0, clients() - 1, heldOut());
    }

    private String set() {
        return values.text("data.set").orElse("mnist");
    }

    private DatasetSource dataset() {
        return values.names().parse(DatasetSource.class, set(), source);
    }

    Dataset load() {
        return dataset().load();
    }

    /** Returns the source of a set that has one, unless the set's own parameters may say it. */
    private Optional<String> source() {
        if (values.has("data.source") || set().contains(":")) {
            return values.text("data.source");
        }
        Object usual = values.names().defaults(DatasetSource.class, set()).get(SOURCE);
        return Optional.ofNullable(usual).map(String::valueOf);
    }

    String name() {
        return set() + source().map(text -> " " + text).orElse("");
    }

    int clients() {
        return values.whole("data.clients").orElse(100);
    }

    int heldOut() {
        return values.whole("data.heldOut").orElse(0);
    }

    /** Returns how many clients train: the first ones. */
    int trainingClients() {
        return clients() - heldOut();
    }

    Partitioner partitioner() {
        return values.named("data.partition", Partitioner.class, "iid");
    }

    /** Returns the model for the data's examples, with the loss and the metrics that were asked for. */
    LearningTask task(Dataset dataset) {
        Shape example = dataset.train().features().getShape().slice(1);
        LearningTask task = values.named("model", ModelFactory.class, "2nn").task(example, dataset.classCount());
        Optional<ExampleMeasure> loss = values.named("loss", ExampleMeasure.class);
        if (loss.isPresent()) {
            task = task.withLoss(loss.get());
        }
        if (values.has("metrics")) {
            Map<String, ExampleMeasure> metrics = new LinkedHashMap<>();
            values.list("metrics")
                    .forEach(line -> metrics.put(line, values.names().parse(ExampleMeasure.class, line)));
            task = task.withMetrics(metrics);
        }
        return task;
    }

    /** Returns the defaults of these fields. */
    Map<String, String> settings() {
        Map<String, String> all = new TreeMap<>();
        all.put("data.set", "mnist");
        source().ifPresent(text -> all.put("data.source", text));
        all.put("data.partition", "iid");
        all.put("data.clients", "100");
        all.put("model", "2nn");
        return all;
    }
}
