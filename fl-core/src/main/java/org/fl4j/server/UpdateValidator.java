package org.fl4j.server;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.fl4j.core.Admission;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/** The checks that every update of a round passes before an aggregator sees it. For one round and one thread. */
public final class UpdateValidator {
    private static final Admission NOT_FINITE =
            Admission.rejected(RejectionReason.NOT_FINITE, "delta must be finite, but has NaN or infinite values");

    private final ServerState state;
    private final int maxStaleness;
    private final boolean slices;
    private final Set<ClientId> seen = new HashSet<>();

    /** Starts a synchronous round; {@code state} is what the cohort was sent. */
    public UpdateValidator(ServerState state) {
        this(state, 0);
    }

    /** Starts a round; {@code maxStaleness} is how many versions a client may be behind {@code state}. */
    public UpdateValidator(ServerState state, int maxStaleness) {
        this(state, maxStaleness, /* slices= */ false);
    }

    /**
     * Starts a round.
     *
     * @param maxStaleness how many versions a client may be behind {@code state}
     * @param slices whether deltas may be of a part of the model
     */
    public UpdateValidator(ServerState state, int maxStaleness, boolean slices) {
        this.state = state;
        this.maxStaleness = maxStaleness;
        this.slices = slices;
    }

    /** Judges an update: duplicates, version, example count, layout and finite values, in this order. */
    public Admission judge(ModelUpdate update) {
        Admission claims = judgeClaims(update);
        return claims instanceof Admission.Accepted ? judgeArrays(update) : claims;
    }

    /**
     * Judges an update of the whole model whose delta, of the right layout, is somewhere else.
     *
     * @param finite whether the delta is
     */
    Admission judge(ModelUpdate update, boolean finite) {
        Admission claims = judgeClaims(update);
        return !(claims instanceof Admission.Accepted) || finite ? claims : NOT_FINITE;
    }

    private Admission judgeClaims(ModelUpdate update) {
        if (!seen.add(update.client())) {
            return Admission.rejected(
                    RejectionReason.DUPLICATE, update.client() + " must send one update a round, but sent another");
        }
        Optional<String> closed = update.closedArray();
        if (closed.isPresent()) {
            return Admission.rejected(
                    RejectionReason.REFUSED, "arrays of the update must be open, but was closed: " + closed.get());
        }
        int oldest = Math.max(0, state.round() - maxStaleness);
        if (update.modelVersion() < oldest || update.modelVersion() > state.round()) {
            String rule = maxStaleness == 0 ? "" + state.round() : "in [" + oldest + ", " + state.round() + "]";
            return Admission.rejected(
                    RejectionReason.STALE, "modelVersion must be " + rule + ", but was " + update.modelVersion());
        }
        if (update.exampleCount() < 1) {
            return Admission.rejected(
                    RejectionReason.NO_EXAMPLES, "exampleCount must be at least 1, but was " + update.exampleCount());
        }
        return Admission.accepted();
    }

    private Admission judgeArrays(ModelUpdate update) {
        Optional<ParameterVector> delta = update.payload().delta();
        Optional<String> difference;
        try {
            difference = difference(update);
        } catch (IllegalArgumentException e) { // a slice of another model
            difference = Optional.of(e.getMessage());
        }
        if (difference.isPresent()) {
            return Admission.rejected(RejectionReason.WRONG_SHAPE, "delta: " + difference.get());
        }
        if (delta.isPresent() && !delta.get().isFinite()) {
            return NOT_FINITE;
        }
        for (Map.Entry<String, NDArray> attachment : update.attachments().entrySet()) {
            DataType type = attachment.getValue().getDataType();
            if (type != DataType.FLOAT32) {
                return Admission.rejected(
                        RejectionReason.WRONG_TYPE,
                        "attachment " + attachment.getKey() + " must be float32, but was " + type);
            }
            if (!Kernels.isFinite(attachment.getValue())) {
                return Admission.rejected(
                        RejectionReason.NOT_FINITE,
                        "attachment " + attachment.getKey() + " must be finite, but has NaN or infinite values");
            }
        }
        return Admission.accepted();
    }

    private Optional<String> difference(ModelUpdate update) {
        ParameterLayout whole = state.model().layout();
        Optional<Slice> slice = update.payload().slice();
        if (slice.isPresent() && !slices) {
            return Optional.of("must be of the whole model, but is of a slice");
        }
        ParameterLayout expected = slice.isPresent() ? slice.get().of(whole) : whole;
        return update.payload().delta().flatMap(vector -> expected.differenceFrom(vector.layout()));
    }
}
