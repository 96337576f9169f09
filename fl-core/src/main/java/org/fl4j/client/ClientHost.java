package org.fl4j.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;

/**
 * Where clients are made and called, one after another: a device, its model, the clients' data, and what is done to
 * updates before they are sent. For one thread at a time. See {@link ClientProgram}.
 */
public interface ClientHost extends AutoCloseable {
    /**
     * Has the task's client train, and transforms its update.
     *
     * @return what is sent, with what the client keeps; its arrays belong to the caller
     * @throws RuntimeException if the client, or a transform, fails or breaks a rule
     */
    ModelUpdate train(TrainingTask task);

    /**
     * What became of a client of a block.
     *
     * @param client who
     * @param update what is sent, as {@link #train} returns it; none if the client failed
     * @param failure why it failed; none if it did not
     */
    record Answer(ClientId client, Optional<ModelUpdate> update, Optional<Throwable> failure) {}

    /**
     * Has the clients of a block train: all at once where the run has them do so, otherwise one after another, which is
     * the default.
     *
     * @param block their tasks, in the order of the plan
     * @return what became of each, in that order
     */
    default List<Answer> trainBlock(List<TrainingTask> block) {
        List<Answer> answers = new ArrayList<>();
        for (TrainingTask task : block) {
            try {
                answers.add(new Answer(task.client(), Optional.of(train(task)), Optional.empty()));
            } catch (RuntimeException e) { // this client's own failure
                answers.add(new Answer(task.client(), Optional.empty(), Optional.of(e)));
            }
        }
        return answers;
    }

    /**
     * Has the task's client answer a query.
     *
     * @return the answer, whose arrays belong to the caller
     * @throws RuntimeException if the client fails or breaks a rule
     */
    ModelUpdate answer(String query, TrainingTask task);

    /**
     * Has the task's client evaluate.
     *
     * @throws RuntimeException if the client fails or breaks a rule
     */
    Metrics evaluate(TrainingTask task);

    /** Frees what the host has opened. */
    @Override
    void close();
}
