package org.fl4j.simulation;

import ai.djl.ndarray.NDScope;
import java.util.Optional;
import java.util.OptionalLong;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.model.FederatedModel;
import org.fl4j.tensor.TensorEngine;

/**
 * Brings model, loss, metrics and data together before the first round, so that what does not fit is found in the
 * builder, in words of the library. Looks at the test data, and at the data of the first client that has any; a worker
 * looks at those of the others when it trains them.
 */
final class Rehearsal {
    private final RunConfig run;
    private final FederatedModel model;
    private final Worker worker;

    private Rehearsal(RunConfig run, FederatedModel model, Worker worker) {
        this.run = run;
        this.model = model;
        this.worker = worker;
    }

    /**
     * What is known of the model once it was made.
     *
     * @param frozenSha256 the hash of its frozen parameters, if it has any
     * @param floatCount how many floats it has
     * @param floatsOfExample about how many a forward pass of one example makes, if that is known
     * @param evaluationRows how many examples are evaluated at a time
     */
    record Seen(Optional<String> frozenSha256, long floatCount, OptionalLong floatsOfExample, int evaluationRows) {}

    /**
     * Checks a run.
     *
     * @return what was seen of the model
     * @throws IllegalArgumentException if something does not fit; the message names the layer, the data or the measure,
     *     the rule and the value
     */
    static Seen of(RunConfig run) {
        TensorEngine.prepareThread();
        FederatedDataset evaluation =
                Optional.ofNullable(run.clientEvaluationData).orElse(run.data);
        try (NDScope scope = new NDScope();
                FederatedModel model = new FederatedModel(run.task);
                Worker worker =
                        new Worker(model, run.data, evaluation, new InMemoryClientStates(), run.devices.first())) {
            scope.suppressNotUsedWarning();
            Optional<String> frozen = model.frozenSha256();
            Rehearsal rehearsal = new Rehearsal(run, model, worker);
            rehearsal.initialModel();
            rehearsal.testData();
            rehearsal.training();
            rehearsal.clientEvaluation();
            Optional<String> after = model.frozenSha256();
            Check.that(
                    after.equals(frozen),
                    "frozen parameters of the model",
                    "left as they are by a batch, for all workers share them",
                    "changed");
            return new Seen(
                    after,
                    model.layout().floatCount(),
                    model.floatsOfExample(),
                    model.evaluationRows(run.devices.first()));
        }
    }

    private void initialModel() {
        run.initialModel
                .flatMap(given -> model.layout().differenceFrom(given.layout()))
                .ifPresent(difference -> {
                    throw new IllegalArgumentException("initialModel must fit the task: " + difference);
                });
    }

    private void testData() {
        if (run.testData != null) {
            run.testData.requireOpen();
            worker.model().require("test data", run.testData, run.task.measures());
        }
    }

    /** Clients of the user's own making may do with their data whatever they like. */
    private void training() {
        if (run.clientFactory.isEmpty()) {
            firstWithExamples(worker.data())
                    .ifPresent(client ->
                            run.sgdClients.create(client, worker, run.training).requireExamples());
            worker.taskEnded();
        }
    }

    private void clientEvaluation() {
        if (run.clientFactory.isEmpty() && run.clientEvaluationData != null) {
            firstWithExamples(worker.evaluationData())
                    .ifPresent(client -> worker.model()
                            .require(
                                    "evaluation data of clients",
                                    worker.evaluationData()
                                            .examples(client, worker.device())
                                            .source(),
                                    run.task.measures()));
            worker.taskEnded();
        }
    }

    /** A client whose data cannot be loaded fails in its round, by its number; it says nothing about the others. */
    private Optional<ClientId> firstWithExamples(FederatedDataset data) {
        ClientDirectory clients = data.clients();
        for (int position = 0; position < clients.size(); position++) {
            if (clients.examplesAt(position) > 0) {
                ClientId client = clients.id(position);
                return isLoaded(data, client) ? Optional.of(client) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private boolean isLoaded(FederatedDataset data, ClientId client) {
        try {
            data.examples(client, worker.device());
            return true;
        } catch (RuntimeException e) { // it will be thrown again, and reported as the client's failure
            return false;
        }
    }
}
