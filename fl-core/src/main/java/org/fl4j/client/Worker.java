package org.fl4j.client;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStates;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LocalModel;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.Slice;
import org.fl4j.tensor.TensorEngine;

/**
 * What one thread of a run computes with: a device, a local model and access to the data. Clients borrow it for one
 * task at a time, so that memory is O(model) per worker whatever the number of clients; there is one model for each
 * layout that its clients had.
 */
public final class Worker implements AutoCloseable {
    private final FederatedModel whole;
    private final LocalModel ofWhole;
    private final Map<ParameterLayout, LocalModel> parts = new HashMap<>(); // of the smaller layouts that clients had
    private final Map<String, ClientQuery> queries = new HashMap<>(); // by the names that servers asked by
    private LocalModel model;
    private final TaskData data;
    private final TaskData evaluationData;
    private final boolean evaluatesOnTrainingExamples;
    private final ClientStates states;
    private final NDManager updates;

    /**
     * Allocates the worker's model on the device.
     *
     * @param model what is trained
     * @param data what clients train on
     * @param evaluationData what clients evaluate on
     * @param states what clients keep between rounds
     * @param device where
     */
    public Worker(
            FederatedModel model,
            FederatedDataset data,
            FederatedDataset evaluationData,
            ClientStates states,
            Device device) {
        whole = model;
        ofWhole = new LocalModel(model, device);
        this.model = ofWhole;
        this.data = new TaskData(data);
        this.evaluationData = new TaskData(evaluationData);
        evaluatesOnTrainingExamples =
                data.sharesExamplesWith(evaluationData) || evaluationData.sharesExamplesWith(data);
        this.states = states;
        updates = TensorEngine.newManager(device);
    }

    /** Returns the parameters to train, of the layout that the task's client has; overwritten by every task. */
    public LocalModel model() {
        return model;
    }

    /** Makes {@link #model} what the client of a task trains; whoever calls a client calls this before. */
    public void taskBegins(TrainingTask task) {
        Optional<Slice> slice = task.slice();
        if (slice.isEmpty()) {
            model = ofWhole;
            return;
        }
        FederatedModel part = whole.of(slice.get());
        model = part == whole
                ? ofWhole
                : parts.computeIfAbsent(part.layout(), layout -> new LocalModel(part, updates.getDevice()));
    }

    /**
     * Returns what clients train on. Within a task it asks the data set once for each client, and it releases the
     * examples when the task ends.
     */
    public FederatedDataset data() {
        return data;
    }

    /** Returns what clients evaluate on, under the same rule. */
    public FederatedDataset evaluationData() {
        return evaluationData;
    }

    /**
     * Returns how the metrics of a client's evaluation begin: {@code client} or, for a client that is not among those
     * that train, {@code held-out}; then {@code /test}, or {@code /train} if clients are evaluated on examples that
     * they train on.
     */
    public String evaluationSplit(ClientId client) {
        String who = data.clients().position(client).isPresent() ? "client" : "held-out";
        return who + (evaluatesOnTrainingExamples ? "/train" : "/test");
    }

    /**
     * Returns a query by its name.
     *
     * @throws IllegalArgumentException if there is none of that name; the message lists those that are
     */
    ClientQuery query(String name) {
        return queries.computeIfAbsent(name, line -> StrategyRegistry.load().parse(ClientQuery.class, line));
    }

    /** Returns what clients keep between rounds. */
    public ClientStates states() {
        return states;
    }

    /** Returns the device. */
    public Device device() {
        return model.device();
    }

    /** Returns the manager that keeps a client's update until the server has folded it. */
    public NDManager updates() {
        return updates;
    }

    /** Hands the examples back that a client's work was given; whoever calls a client calls this afterwards. */
    public void taskEnded() {
        try {
            data.taskEnded();
        } finally {
            evaluationData.taskEnded();
        }
    }

    /** Frees the model and any update that nobody folded. */
    @Override
    public void close() {
        updates.close();
        parts.values().forEach(LocalModel::close);
        ofWhole.close();
    }
}
