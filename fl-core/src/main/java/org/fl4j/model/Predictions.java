package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.fl4j.data.Examples;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;

/** What a network makes of many examples, a part at a time, so that memory stays that of an evaluation. */
final class Predictions {
    private Predictions() {}

    /** Returns the output for each example in evaluation mode; outputs of named layers are put together too. */
    static NDArray of(LocalModel model, NDArray features, int rows, Map<String, NDArray> outputs) {
        long count = features.getShape().get(0);
        if (count <= rows) {
            return model.forward(features, /* training= */ false);
        }
        NDList predictions = new NDList();
        Map<String, NDList> named = new LinkedHashMap<>();
        for (long from = 0; from < count; from += rows) {
            NDArray part = Kernels.narrow(features, from, Math.min(rows, count - from));
            predictions.add(model.forward(part, /* training= */ false));
            outputs.forEach((name, output) ->
                    named.computeIfAbsent(name, any -> new NDList()).add(output));
        }
        named.forEach((name, parts) -> outputs.put(name, NDArrays.concat(parts)));
        return NDArrays.concat(predictions);
    }

    /** Evaluates loss and metrics of the task; names are {@code split/loss} and so on. */
    static Metrics evaluate(LocalModel model, Examples examples, String split, int rows) {
        Metrics result = Metrics.none();
        for (int from = 0; from < examples.count(); from += rows) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                Examples batch = examples.slice(from, Math.min(rows, examples.count() - from));
                NDArray predictions = model.predict(batch.features());
                for (Map.Entry<String, ExampleMeasure> metric :
                        model.task().measures().entrySet()) {
                    double sum = metric.getValue()
                            .perExample(predictions, batch.labels())
                            .sum()
                            .getFloat();
                    result = result.merge(Metrics.of(split + "/" + metric.getKey(), sum, batch.count()));
                }
            }
        }
        return result;
    }
}
