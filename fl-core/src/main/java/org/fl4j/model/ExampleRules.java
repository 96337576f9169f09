package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;

/** Which examples a model, its loss and its metrics accept, found out by a batch of zeros. Thread-safe. */
final class ExampleRules {
    private static final int ROWS = 2; // one row hides measures that mix up rows
    private static final int REPEATED = 8; // few values could be drawn alike by chance

    private final LearningTask task;
    private final Map<Form, Shape> predictions = new ConcurrentHashMap<>();
    private volatile Sound sound = new Sound(null, Set.of()); // what was looked at last; clients often share it

    ExampleRules(LearningTask task) {
        this.task = task;
    }

    private record Sound(NDArray labels, Set<String> measures) {}

    /** Types and shapes of examples, without the batch, and the names of what is measured. */
    private record Form(Shape features, DataType featureType, Shape labels, DataType labelType, Set<String> measures) {
        static Form of(Examples examples, Set<String> measures) {
            return new Form(
                    examples.features().getShape().slice(1),
                    examples.features().getDataType(),
                    examples.labels().getShape().slice(1),
                    examples.labels().getDataType(),
                    measures);
        }
    }

    /**
     * Checks examples.
     *
     * @param what how messages call them
     * @param measures what is computed of them, by name
     * @throws IllegalArgumentException if they do not fit; the message names the rule and the value
     */
    void require(LocalModel model, String what, Examples examples, Map<String, ExampleMeasure> measures) {
        Sound last = sound;
        boolean known = examples.labels() == last.labels && measures.keySet().equals(last.measures);
        if (known || examples.count() == 0) {
            return;
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Form form = Form.of(examples, Set.copyOf(measures.keySet()));
            Shape prediction = predictions.computeIfAbsent(form, any -> rehearse(model, what, form, measures));
            requireTokens(what, examples.features());
            measures.values().stream()
                    .flatMap(measure -> measure.fault(prediction, examples.labels()).stream())
                    .findFirst()
                    .ifPresent(fault -> {
                        throw new IllegalArgumentException(what + ": " + fault);
                    });
        }
        sound = new Sound(examples.labels(), Set.copyOf(measures.keySet()));
    }

    private Shape rehearse(LocalModel model, String what, Form form, Map<String, ExampleMeasure> measures) {
        Check.that(
                form.features.size() == task.inputShape().size(),
                "size of an example of " + what,
                "the task's, " + task.inputShape().size(),
                form.features.size());
        if (task.architecture() instanceof Network network) {
            try {
                LayerShapes.trace(network.layers(), form.features, form.featureType);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(what + ": " + e.getMessage(), e);
            }
        }
        NDManager manager = model.manager();
        NDArray features = manager.zeros(new Shape(ROWS).addAll(form.features), form.featureType);
        NDArray labels = manager.zeros(new Shape(ROWS).addAll(form.labels), form.labelType);
        NDArray output = result("model", () -> model.predict(features), what, form);
        Shape shape = output.getShape();
        Check.that(
                shape.dimension() > 0 && shape.get(0) == ROWS,
                "output of the model for " + ROWS + " examples",
                "of shape (" + ROWS + ", ...)",
                shape);
        measures.forEach((name, measure) -> {
            measure.fault(shape.slice(1), labels).ifPresent(fault -> {
                throw new IllegalArgumentException(what + ": " + fault);
            });
            NDArray values = result(name, () -> measure.perExample(output, labels), what, form);
            Check.that(
                    values.getShape().equals(new Shape(ROWS)) && values.getDataType() == DataType.FLOAT32,
                    name + " of " + ROWS + " examples",
                    "float32 of shape (" + ROWS + ")",
                    values.getDataType() + " of shape " + values.getShape());
        });
        model.requireRepeatable(new Shape(REPEATED).addAll(form.features), form.featureType);
        return shape.slice(1);
    }

    private static NDArray result(String name, Supplier<NDArray> call, String what, Form form) {
        try {
            return Check.present(name, call.get());
        } catch (RuntimeException e) { // of the engine, or of a model or measure of the user's own
            String reason = String.valueOf(e.getMessage()).strip();
            throw new IllegalArgumentException(
                    what + ": " + name + " must accept features of type " + form.featureType + " and shape "
                            + batch(form.features)
                            + " with labels of type " + form.labelType + " and shape " + batch(form.labels) + ", but "
                            + reason.substring(reason.lastIndexOf('\n') + 1),
                    e);
        }
    }

    private static String batch(Shape example) {
        return new Shape(ROWS).addAll(example).toString();
    }

    private void requireTokens(String what, NDArray features) {
        Optional<Layer.Embedding> embedding = task.architecture() instanceof Network network
                ? LayerShapes.embedding(network.layers())
                : Optional.empty();
        embedding.ifPresent(first -> {
            long smallest = features.min().getLong();
            long largest = features.max().getLong();
            Check.that(
                    smallest >= 0 && largest < first.vocabulary(),
                    "tokens of " + what,
                    "in [0, " + (first.vocabulary() - 1) + "]",
                    "[" + smallest + ", " + largest + "]");
        });
    }
}
