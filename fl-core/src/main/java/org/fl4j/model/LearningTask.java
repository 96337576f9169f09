package org.fl4j.model;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.fl4j.internal.Check;

/**
 * What is learned: an architecture, a loss to minimise and metrics to report.
 *
 * @param architecture makes a new network at each call; called once a run, and when an algorithm that chooses layers is
 *     built. A block whose parameters are already initialised (a
 *     pre-trained network) keeps their values as the initial model
 * @param inputShape the shape of one example, without the batch
 * @param loss what clients minimise, averaged over a batch
 * @param metrics what evaluation reports beside the loss, by name
 * @param initializer draws the initial weights
 */
public record LearningTask(
        Supplier<Block> architecture,
        Shape inputShape,
        ExampleMeasure loss,
        Map<String, ExampleMeasure> metrics,
        WeightInitializer initializer) {
    /** Copies the map. */
    public LearningTask {
        Check.present("architecture", architecture);
        Check.present("inputShape", inputShape);
        Check.present("loss", loss);
        Check.present("initializer", initializer);
        metrics = Map.copyOf(metrics);
        Check.that(
                !metrics.containsKey("loss"),
                "names of metrics",
                "other than loss, which is always measured",
                metrics.keySet());
        for (long dimension : inputShape.getShape()) {
            Check.that(dimension >= 1, "inputShape", "of dimensions of at least 1, without the batch", inputShape);
        }
    }

    /** Returns a classification task: cross-entropy loss, accuracy, PyTorch's default initial weights. */
    public static LearningTask classification(Supplier<Block> architecture, Shape inputShape) {
        return new LearningTask(
                architecture,
                inputShape,
                ExampleMeasure.crossEntropy(),
                Map.of("accuracy", ExampleMeasure.accuracy()),
                WeightInitializer.fanInUniform());
    }

    /**
     * Returns a task that predicts a class at each position of a sequence, such as the next token: {@link
     * ExampleMeasure#tokenCrossEntropy} and {@link ExampleMeasure#tokenAccuracy}, each a mean over examples, in which
     * an example counts as much as any other, however many of its positions do. Initial weights are PyTorch's default
     * for dense layers.
     */
    public static LearningTask sequence(Supplier<Block> architecture, Shape inputShape) {
        return new LearningTask(
                architecture,
                inputShape,
                ExampleMeasure.tokenCrossEntropy(),
                Map.of("accuracy", ExampleMeasure.tokenAccuracy()),
                WeightInitializer.fanInUniform());
    }

    /** Returns a regression task: mean squared error, PyTorch's default initial weights. */
    public static LearningTask regression(Supplier<Block> architecture, Shape inputShape) {
        return new LearningTask(
                architecture, inputShape, ExampleMeasure.squaredError(), Map.of(), WeightInitializer.fanInUniform());
    }

    /** Returns the loss, by the name {@code loss}, and then the metrics in the order of their names. */
    public Map<String, ExampleMeasure> measures() {
        Map<String, ExampleMeasure> all = new LinkedHashMap<>();
        all.put("loss", loss);
        all.putAll(new TreeMap<>(metrics));
        return all;
    }

    /** Returns the same task with other initial weights. */
    public LearningTask withInitializer(WeightInitializer other) {
        return new LearningTask(architecture, inputShape, loss, metrics, other);
    }

    /** Returns the same task with another loss. */
    public LearningTask withLoss(ExampleMeasure other) {
        return new LearningTask(architecture, inputShape, other, metrics, initializer);
    }

    /** Returns the same task with other metrics. */
    public LearningTask withMetrics(Map<String, ExampleMeasure> other) {
        return new LearningTask(architecture, inputShape, loss, other, initializer);
    }
}
