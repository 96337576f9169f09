package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Parallel;

/** What a network makes of many examples, a part at a time, so that memory stays that of an evaluation. */
final class Predictions {
    private Predictions() {}

    /** Returns the output for each example in evaluation mode; outputs of named layers are put together too. */
    static NDArray of(LocalModel model, NDArray features, int rows, Map<String, NDArray> outputs) {
        long count = features.getShape().get(0);
        if (count <= rows) {
            return model.inference.predict(features);
        }
        NDList predictions = new NDList();
        Map<String, NDList> named = new LinkedHashMap<>();
        for (long from = 0; from < count; from += rows) {
            NDArray part = Kernels.narrow(features, from, Math.min(rows, count - from));
            predictions.add(model.inference.predict(part));
            outputs.forEach((name, output) ->
                    named.computeIfAbsent(name, any -> new NDList()).add(output));
        }
        named.forEach((name, parts) -> outputs.put(name, NDArrays.concat(parts)));
        return NDArrays.concat(predictions);
    }

    /**
     * Evaluates loss and metrics of the task; names are {@code split/loss} and so on. Sums of parts are added in one
     * order, whoever computes them.
     */
    static Metrics evaluate(LocalModel model, Examples examples, String split, int rows) {
        int count = examples.count();
        Metrics[] measured = new Metrics[count / rows + (count % rows == 0 ? 0 : 1)];
        List<LocalModel> models = model.inference.forThreads(Math.min(measured.length, Parallel.threads()));
        Parallel.forEach(measured.length, model.device(), (part, thread) -> {
            int from = part * rows;
            measured[part] = evaluate(models.get(thread), examples, from, Math.min(rows, count - from), split);
        });
        return Stream.of(measured).reduce(Metrics.none(), Metrics::merge);
    }

    private static Metrics evaluate(LocalModel model, Examples examples, int from, int count, String split) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Examples batch = examples.slice(from, count);
            NDArray predictions = model.predict(batch.features());
            Metrics result = Metrics.none();
            for (Map.Entry<String, ExampleMeasure> metric :
                    model.task().measures().entrySet()) {
                double sum = metric.getValue()
                        .perExample(predictions, batch.labels())
                        .sum()
                        .getFloat();
                result = result.merge(Metrics.of(split + "/" + metric.getKey(), sum, batch.count()));
            }
            return result;
        }
    }
}
