package org.fl4j.server;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.Kernels;

/** Finds NaN and infinite values in what a round came to: once they are in a model or a moment, they stay. */
final class NotFinite {
    private NotFinite() {}

    /** Returns the rule that is broken and where, if any is. */
    static Optional<String> in(Aggregate aggregate, ServerState before, ServerOptimizer.Step step) {
        Optional<String> model = step.model().firstNotFinite();
        if (model.isPresent()) {
            Optional<String> delta = aggregate.delta().flatMap(found -> found.firstNotFinite());
            return Optional.of(delta.map(name -> fault("aggregate", "parameter " + name))
                    .orElseGet(() -> fault("model after the server optimizer", "parameter " + model.get())));
        }
        Optional<String> other = aggregate.models().entrySet().stream()
                .flatMap(named -> named.getValue().firstNotFinite().stream()
                        .map(parameter -> fault("model " + named.getKey(), "parameter " + parameter)))
                .findFirst();
        if (other.isPresent()) {
            return other;
        }
        Map<String, NDArray> old = before.strategy().tensors();
        return step.state().tensors().entrySet().stream()
                .filter(tensor -> tensor.getValue() != old.get(tensor.getKey()))
                .filter(tensor -> tensor.getValue().getDataType() == DataType.FLOAT32)
                .filter(tensor -> !Kernels.isFinite(tensor.getValue()))
                .map(tensor -> fault("strategy state", tensor.getKey()))
                .findFirst();
    }

    private static String fault(String what, String where) {
        return what + " must be finite, but " + where + " has NaN or infinite values";
    }
}
