package org.fl4j.message;

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
import org.fl4j.tensor.Slice;

/**
 * The arrays of an update, which only the fold reads.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param delta local model minus received model; integer buffers hold the local values. None if the client sends
 *     nothing of its model, see {@link org.fl4j.core.Aggregator#readsDelta}
 * @param attachments what an algorithm sends beside the delta, by name, such as the change of a control variate;
 *     finite, like the delta, but not clipped or noised with it
 * @param encoded what a {@link org.fl4j.core.Codec} made of the delta, by name, while it travels; there is then no
 *     delta. None without a codec
 * @param slice which part of the model the delta is of; nothing if it is of all of it
 */
public record Payload(
        Optional<ParameterVector> delta,
        Map<String, NDArray> attachments,
        Map<String, NDArray> encoded,
        Optional<Slice> slice)
        implements AutoCloseable {
    /** Copies the maps. */
    public Payload {
        Check.present("delta", delta);
        attachments = Collections.unmodifiableMap(new TreeMap<>(attachments));
        encoded = encoded.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(encoded));
        Check.present("slice", slice);
        Check.that(delta.isEmpty() || encoded.isEmpty(), "payload", "of a delta or an encoded one", "of both");
    }

    /** Has a delta of the whole model as it is, or none. */
    public Payload(Optional<ParameterVector> delta, Map<String, NDArray> attachments) {
        this(delta, attachments, Map.of(), Optional.empty());
    }

    /** Returns the same payload with another delta, of the same part of the model. */
    public Payload withDelta(ParameterVector other) {
        return new Payload(Optional.of(other), attachments, Map.of(), slice);
    }

    /** Returns the same payload with other attachments. */
    public Payload withAttachments(Map<String, NDArray> others) {
        return new Payload(delta, others, encoded, slice);
    }

    /** Returns the same payload with arrays of a codec in place of its delta. */
    public Payload withEncoded(Map<String, NDArray> arrays) {
        return new Payload(Optional.empty(), attachments, arrays, slice);
    }

    /** Returns the same payload of a part of the model. */
    public Payload withSlice(Optional<Slice> part) {
        return new Payload(delta, attachments, encoded, part);
    }

    /** Returns the delta's arrays, or the encoded ones by name, then the attachments by name. */
    public List<NDArray> arrays() {
        List<NDArray> arrays =
                new ArrayList<>(delta.map(ParameterVector::arrays).orElse(List.of()));
        arrays.addAll(encoded.values());
        arrays.addAll(attachments.values());
        return arrays;
    }

    /** Returns the size of the arrays. */
    public long byteCount() {
        return delta.map(vector -> vector.layout().byteCount()).orElse(0L)
                + TrainingTask.byteCount(encoded)
                + TrainingTask.byteCount(attachments);
    }

    /**
     * Returns which array somebody has closed, in words: {@code delta}, {@code integer buffers of the delta}, {@code
     * encoded delta} or {@code attachment NAME}.
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
        if (encoded.values().stream().anyMatch(NDArray::isReleased)) {
            return Optional.of("encoded delta");
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
        encoded.values().forEach(array -> ParameterVector.keep(array, manager));
        attachments.values().forEach(array -> ParameterVector.keep(array, manager));
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        delta.ifPresent(ParameterVector::close);
        encoded.values().forEach(NDArray::close);
        attachments.values().forEach(NDArray::close);
    }
}
