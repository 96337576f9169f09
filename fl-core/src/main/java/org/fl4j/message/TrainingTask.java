package org.fl4j.message;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * The message down: what a client is asked to train on, or to evaluate.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param ticket whom it is for, in which round, and with which seed
 * @param modelVersion how many rounds the model has behind it; the update returns it, so that a stale one is seen
 * @param model the model to start from; the receiver reads it and never changes it
 * @param attachments what an algorithm sends beside the model, by name, such as a control variate; read only
 * @param settings numbers for this round, by name. Names that begin with {@code training/} change how the library's
 *     clients train, see {@link org.fl4j.client.LocalTraining#BATCH_SIZE}. Settings of your own, for clients of your
 *     own, have a prefix of their own, such as {@code my/mu}
 * @param slice which part of the run's model this one is; nothing if it is all of it
 */
public record TrainingTask(
        Ticket ticket,
        int modelVersion,
        ParameterVector model,
        Map<String, NDArray> attachments,
        Map<String, Double> settings,
        Optional<Slice> slice) {
    /** Checks for presence. */
    public TrainingTask {
        Check.present("ticket", ticket);
        Check.atLeast("modelVersion", 0, modelVersion);
        Check.present("model", model);
        attachments = Collections.unmodifiableMap(new TreeMap<>(attachments));
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        SharedMessage.requirePrefixes(settings);
        Check.present("slice", slice);
    }

    /** Makes a task for a whole model. */
    public TrainingTask(
            Ticket ticket,
            int modelVersion,
            ParameterVector model,
            Map<String, NDArray> attachments,
            Map<String, Double> settings) {
        this(ticket, modelVersion, model, attachments, settings, Optional.empty());
    }

    /** Makes a task without settings. */
    public TrainingTask(Ticket ticket, int modelVersion, ParameterVector model, Map<String, NDArray> attachments) {
        this(ticket, modelVersion, model, attachments, Map.of());
    }

    /** Makes a task without attachments. */
    public TrainingTask(Ticket ticket, int modelVersion, ParameterVector model) {
        this(ticket, modelVersion, model, Map.of());
    }

    /** Returns the receiver. */
    public ClientId client() {
        return ticket.client();
    }

    /** Returns the number of the round that it is sent in, from 1. */
    public int round() {
        return ticket.round();
    }

    /** Returns a seed of this client in this round for one purpose, such as {@code "shuffle"}. */
    public Seed seed(String purpose) {
        return ticket.seed().derive(purpose);
    }

    /** Returns the same task with further settings. */
    public TrainingTask withSettings(Map<String, Double> more) {
        Map<String, Double> all = new TreeMap<>(settings);
        all.putAll(more);
        return new TrainingTask(ticket, modelVersion, model, attachments, all, slice);
    }

    /** Returns the same task with other arrays. */
    public TrainingTask withArrays(ParameterVector otherModel, Map<String, NDArray> otherAttachments) {
        return new TrainingTask(ticket, modelVersion, otherModel, otherAttachments, settings, slice);
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
        if (attachments.isEmpty()) {
            return 0; // as of most messages
        }
        return attachments.values().stream()
                .mapToLong(array -> array.size() * array.getDataType().getNumOfBytes())
                .sum();
    }
}
