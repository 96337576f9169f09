package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Codec;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientStates;
import org.fl4j.message.ClientStore;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.Receipt;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.Slice;

/**
 * A run's codec, at work on both sides. Without one, deltas travel as they are.
 *
 * @param codec encodes deltas, if there is one
 */
record Encoding(Optional<Codec> codec) {
    /** Encodes what a client sends, with what it keeps for next time; the arrays belong to the open scope. */
    ModelUpdate encoded(ModelUpdate update, TrainingTask task, ClientStates states) {
        if (codec.isEmpty() || update.payload().delta().isEmpty()) {
            return update;
        }
        NDManager manager = update.delta().floats().getManager();
        StrategyState sender = states.load(task.client(), Codec.SENDER, manager).orElse(StrategyState.empty());
        Codec.Encoded encoded = codec.get().encode(update.delta(), sender, task.seed("codec"));
        ModelUpdate sent = update.with(update.payload().withEncoded(encoded.arrays()));
        if (encoded.sender().equals(StrategyState.empty())) {
            return sent;
        }
        Map<Slot, StrategyState> kept = new HashMap<>(update.kept());
        kept.put(Codec.SENDER, encoded.sender());
        return sent.withKept(kept);
    }

    /**
     * Decodes what the server received, and frees the encoded arrays. What the receiver keeps is staged.
     *
     * @throws IllegalArgumentException if the update cannot be decoded; it is then as it was
     */
    ModelUpdate decoded(ModelUpdate update, ParameterLayout layout, ClientStore states) {
        Map<String, NDArray> arrays = update.payload().encoded();
        if (codec.isEmpty()) {
            Check.that(arrays.isEmpty(), "delta of a run without a codec", "as it is", "encoded");
            return update;
        }
        if (arrays.isEmpty()) {
            boolean none = update.payload().delta().isEmpty();
            Check.that(none, "delta of a run with a codec", "encoded", "as it is");
            return update;
        }
        NDManager manager = arrays.values().iterator().next().getManager();
        long sentBytes = update.payload().byteCount();
        Payload decoded;
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            StrategyState receiver =
                    states.load(update.client(), Codec.RECEIVER, manager).orElse(StrategyState.empty());
            Optional<Slice> slice = update.payload().slice();
            ParameterLayout part = slice.isPresent() ? slice.get().of(layout) : layout;
            Codec.Decoded read = codec.get().decode(arrays, part, receiver);
            if (!read.receiver().equals(StrategyState.empty())) {
                Check.that(slice.isEmpty(), "codec of slices", "one that keeps nothing of a sender", codec.get());
                states.stage(update.client(), Codec.RECEIVER, read.receiver());
            }
            decoded = update.payload().withDelta(read.delta().keep(manager));
        }
        arrays.values().forEach(NDArray::close);
        return update.with(decoded).with(update.receipt().with(Receipt.Outcome.SENT, sentBytes));
    }
}
