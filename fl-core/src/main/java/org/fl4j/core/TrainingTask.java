package org.fl4j.core;

import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * The message down: what a client is asked to train on, or to evaluate.
 *
 * @param client the receiver
 * @param round the round it is sent in
 * @param modelVersion how many rounds the model has behind it; the update returns it, so that a stale one is seen
 * @param model the model to start from; the receiver reads it and never changes it
 */
public record TrainingTask(ClientId client, RoundContext round, int modelVersion, ParameterVector model) {
    /** Checks for presence. */
    public TrainingTask {
        Check.present("client", client);
        Check.present("round", round);
        Check.atLeast("modelVersion", 0, modelVersion);
        Check.present("model", model);
    }

    /** Returns the size of the message's tensors. */
    public long byteCount() {
        return model.layout().byteCount();
    }
}
