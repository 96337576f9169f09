package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * The message up: what a client's training changed. A client may send anything; the server validates it before it counts
 * (see {@link Admission}).
 *
 * @param client the sender
 * @param modelVersion the version of the model it started from
 * @param exampleCount how many distinct examples it trained on; epochs do not multiply it
 * @param localSteps how many optimizer steps it took
 * @param delta local model minus received model; integer buffers hold the local values
 * @param metrics what it measured, such as {@code train/loss}
 * @param attachments what an algorithm sends beside the delta, by name, such as the change of a control variate; finite,
 *     like the delta, but not clipped or noised with it
 */
public record ModelUpdate(
        ClientId client,
        int modelVersion,
        long exampleCount,
        long localSteps,
        ParameterVector delta,
        Metrics metrics,
        Map<String, NDArray> attachments)
        implements AutoCloseable {
    /** Checks for presence only; values are judged by the server. */
    public ModelUpdate {
        Check.present("client", client);
        Check.present("delta", delta);
        Check.present("metrics", metrics);
        attachments = Collections.unmodifiableMap(new TreeMap<>(attachments));
    }

    /** Makes an update without attachments. */
    public ModelUpdate(
            ClientId client,
            int modelVersion,
            long exampleCount,
            long localSteps,
            ParameterVector delta,
            Metrics metrics) {
        this(client, modelVersion, exampleCount, localSteps, delta, metrics, Map.of());
    }

    /** Returns the same update with another delta. */
    public ModelUpdate withDelta(ParameterVector other) {
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, other, metrics, attachments);
    }

    /** Returns the same update with other arrays. */
    public ModelUpdate withArrays(ParameterVector otherDelta, Map<String, NDArray> otherAttachments) {
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, otherDelta, metrics, otherAttachments);
    }

    /** Returns the same update with further metrics. */
    public ModelUpdate withMetrics(Metrics more) {
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, delta, metrics.merge(more), attachments);
    }

    /** Returns the same update with these metrics and no others. */
    public ModelUpdate withMeasured(Metrics others) {
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, delta, others, attachments);
    }

    /** Returns the SHA-256 of the message's tensors, in hexadecimal digits: of the delta, then of the attachments by name. */
    public String sha256() {
        List<NDArray> arrays = new ArrayList<>(delta.arrays());
        arrays.addAll(attachments.values());
        return Tensors.sha256(arrays);
    }

    /** Returns which array somebody has closed, in words: {@code delta}, {@code integer buffers of the delta} or {@code attachment NAME}. */
    public Optional<String> closedArray() {
        if (delta.floats().isReleased()) {
            return Optional.of("delta");
        }
        if (delta.integers().isPresent() && delta.integers().get().isReleased()) {
            return Optional.of("integer buffers of the delta");
        }
        for (Map.Entry<String, NDArray> attachment : attachments.entrySet()) {
            if (attachment.getValue().isReleased()) {
                return Optional.of("attachment " + attachment.getKey());
            }
        }
        return Optional.empty();
    }

    /** Returns the size of the message's tensors. */
    public long byteCount() {
        return delta.layout().byteCount() + TrainingTask.byteCount(attachments);
    }

    /** Returns the same update with one attachment more, which it then owns. */
    public ModelUpdate withAttachment(String name, NDArray value) {
        Map<String, NDArray> more = new TreeMap<>(attachments);
        more.put(name, value);
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, delta, metrics, more);
    }

    /**
     * Returns an attachment.
     *
     * @throws IllegalArgumentException if the client did not send it
     */
    public NDArray attachment(String name) {
        Check.that(
                attachments.containsKey(name), "update of " + client, "with attachment " + name, attachments.keySet());
        return attachments.get(name);
    }

    /** Takes the arrays out of the open scope and hands them to a manager. */
    public ModelUpdate keep(NDManager manager) {
        delta.keep(manager);
        attachments.values().forEach(array -> ParameterVector.keep(array, manager));
        return this;
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        delta.close();
        attachments.values().forEach(NDArray::close);
    }
}
