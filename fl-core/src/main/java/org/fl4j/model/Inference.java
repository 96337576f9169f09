package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.tensor.ParameterVector;

/** Predictions of a worker's model, by the model itself and by others of the same parameters on other threads. */
final class Inference implements AutoCloseable {
    private final LocalModel model;
    private final FederatedModel network;
    private final List<LocalModel> twins = new ArrayList<>();
    private Optional<LocalModel> teacher = Optional.empty(); // of other parameters

    Inference(LocalModel model, FederatedModel network) {
        this.model = model;
        this.network = network;
    }

    /** Computes the output in evaluation mode, without a graph. */
    NDArray predict(NDArray features) {
        Optional<PredictionProgram> program = network.predictions(model.device());
        boolean usual = features.getShape().slice(1).equals(network.task().inputShape());
        return program.isPresent() && usual // layers take sequences of other lengths too
                ? program.get().predict(model, features)
                : model.forward(features, /* training= */ false);
    }

    /** Returns what a model of other parameters makes of features. */
    NDArray predict(ParameterVector values, NDArray features) {
        if (teacher.isEmpty()) {
            teacher = Optional.of(new LocalModel(network, model.device()));
        }
        teacher.get().load(values);
        return teacher.get().predict(features);
    }

    /**
     * Returns models of the same parameters, the worker's first, that may predict at the same time, each on a thread of
     * its own. There is one alone where a GPU computes.
     */
    List<LocalModel> forThreads(int threads) {
        int extra = model.device().isGpu() ? 0 : Math.max(0, threads - 1);
        while (twins.size() < extra) {
            twins.add(LocalModel.twin(model, network));
        }
        List<LocalModel> all = new ArrayList<>(List.of(model));
        all.addAll(twins.subList(0, extra));
        return all;
    }

    @Override
    public void close() {
        teacher.ifPresent(LocalModel::close);
        twins.forEach(LocalModel::close);
    }
}
