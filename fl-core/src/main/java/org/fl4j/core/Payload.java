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
import org.fl4j.tensor.ParameterVector;

/**
 * The arrays of an update, which only the fold reads.
 *
 * @param delta local model minus received model; integer buffers hold the local values. None if the client sends
 *     nothing of its model, see {@link Aggregator#readsDelta}
 * @param attachments what an algorithm sends beside the delta, by name, such as the change of a control variate;
 *     finite, like the delta, but not clipped or noised with it
 */
public record Payload(Optional<ParameterVector> delta, Map<String, NDArray> attachments) implements AutoCloseable {
    /** Copies the map. */
    public Payload {
        Check.present("delta", delta);
        attachments = Collections.unmodifiableMap(new TreeMap<>(attachments));
    }

    /** Returns the delta's arrays, then the attachments by name. */
    public List<NDArray> arrays() {
        List<NDArray> arrays =
                new ArrayList<>(delta.map(ParameterVector::arrays).orElse(List.of()));
        arrays.addAll(attachments.values());
        return arrays;
    }

    /** Returns the size of the arrays. */
    public long byteCount() {
        return delta.map(vector -> vector.layout().byteCount()).orElse(0L) + TrainingTask.byteCount(attachments);
    }

    /**
     * Returns which array somebody has closed, in words: {@code delta}, {@code integer buffers of the delta} or
     * {@code attachment NAME}.
     */
    Optional<String> closedArray() {
        if (delta.isPresent()) {
            if (delta.get().floats().isReleased()) {
                return Optional.of("delta");
            }
            if (delta.get().integers().map(NDArray::isReleased).orElse(false)) {
                return Optional.of("integer buffers of the delta");
            }
        }
        for (Map.Entry<String, NDArray> attachment : attachments.entrySet()) {
            if (attachment.getValue().isReleased()) {
                return Optional.of("attachment " + attachment.getKey());
            }
        }
        return Optional.empty();
    }

    void keep(NDManager manager) {
        delta.ifPresent(vector -> vector.keep(manager));
        attachments.values().forEach(array -> ParameterVector.keep(array, manager));
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        delta.ifPresent(ParameterVector::close);
        attachments.values().forEach(NDArray::close);
    }
}
