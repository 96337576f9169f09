package org.fl4j.core;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * The message down: what a client is asked to train on, or to evaluate.
 *
 * @param client the receiver
 * @param round the round it is sent in
 * @param modelVersion how many rounds the model has behind it; the update returns it, so that a stale one is seen
 * @param model the model to start from; the receiver reads it and never changes it
 * @param attachments what an algorithm sends beside the model, by name, such as a control variate; read only
 * @param settings numbers for this round, by name. Names that begin with {@code training/} change how the library's clients train, see
 *     {@link org.fl4j.client.LocalTraining#BATCH_SIZE}. Settings of your own, for clients of your own, have a prefix of their own, such as
 *     {@code my/mu}
 */
public record TrainingTask(
        ClientId client,
        RoundContext round,
        int modelVersion,
        ParameterVector model,
        Map<String, NDArray> attachments,
        Map<String, Double> settings) {
    /** Checks for presence. */
    public TrainingTask {
        Check.present("client", client);
        Check.present("round", round);
        Check.atLeast("modelVersion", 0, modelVersion);
        Check.present("model", model);
        attachments = Collections.unmodifiableMap(new TreeMap<>(attachments));
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        settings.keySet()
                .forEach(name -> Check.that(
                        name.indexOf('/') > 0, "name of a setting", "one with a prefix, such as my/mu", name));
    }

    /** Makes a task without settings. */
    public TrainingTask(
            ClientId client,
            RoundContext round,
            int modelVersion,
            ParameterVector model,
            Map<String, NDArray> attachments) {
        this(client, round, modelVersion, model, attachments, Map.of());
    }

    /** Makes a task without attachments. */
    public TrainingTask(ClientId client, RoundContext round, int modelVersion, ParameterVector model) {
        this(client, round, modelVersion, model, Map.of());
    }

    /** Returns the same task with further settings. */
    public TrainingTask withSettings(Map<String, Double> more) {
        Map<String, Double> all = new TreeMap<>(settings);
        all.putAll(more);
        return new TrainingTask(client, round, modelVersion, model, attachments, all);
    }

    /** Returns the same task with other arrays. */
    public TrainingTask withArrays(ParameterVector otherModel, Map<String, NDArray> otherAttachments) {
        return new TrainingTask(client, round, modelVersion, otherModel, otherAttachments, settings);
    }

    /** Returns an attachment on a device, if the server sent it. */
    public Optional<NDArray> attachment(String name, Device device) {
        return Optional.ofNullable(attachments.get(name)).map(array -> array.toDevice(device, /* copy= */ false));
    }

    /** Returns the size of the message's tensors. */
    public long byteCount() {
        return model.layout().byteCount() + byteCount(attachments);
    }

    static long byteCount(Map<String, NDArray> attachments) {
        return attachments.values().stream()
                .mapToLong(array -> array.size() * array.getDataType().getNumOfBytes())
                .sum();
    }
}
