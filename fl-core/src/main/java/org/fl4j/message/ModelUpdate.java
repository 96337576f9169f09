package org.fl4j.message;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * The message up: what a client's training changed. A client may send anything; the server validates it before it
 * counts (see {@link org.fl4j.core.Admission}).
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param receipt what is said of the training, see also {@link #receipt(Receipt.Outcome)}
 * @param payload the arrays
 * @param kept what the client keeps until its next round, by slot; the run takes it over if the update is accepted, and
 *     it does not travel to the server
 */
public record ModelUpdate(Receipt receipt, Payload payload, Map<Slot, StrategyState> kept) implements AutoCloseable {
    /** Checks for presence; clients keep only what is theirs. */
    public ModelUpdate {
        Check.present("payload", payload);
        Check.present("receipt", receipt);
        kept = Map.copyOf(kept);
        kept.forEach((slot, state) -> {
            Slot.requireOfClient(slot);
            Check.that(
                    state.columns().isEmpty(), "state in slot " + slot.name(), "without columns", "one with columns");
        });
    }

    /**
     * Makes an update with attachments.
     *
     * @param client the sender
     * @param modelVersion the version of the model it started from
     * @param exampleCount how many distinct examples it trained on; epochs do not multiply it
     * @param localSteps how many optimizer steps it took
     * @param delta local model minus received model
     * @param metrics what it measured, for people
     * @param attachments what an algorithm sends beside the delta, by name
     */
    public ModelUpdate(
            ClientId client,
            int modelVersion,
            long exampleCount,
            long localSteps,
            ParameterVector delta,
            Metrics metrics,
            Map<String, NDArray> attachments) {
        this(
                new Receipt(
                        client,
                        Receipt.Outcome.SENT,
                        modelVersion,
                        exampleCount,
                        localSteps,
                        Facts.none(),
                        metrics,
                        /* bytes= */ 0),
                new Payload(Optional.of(Check.present("delta", delta)), attachments),
                Map.of());
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

    /**
     * Makes the answer to a query.
     *
     * @param task what the client was sent with it
     * @param exampleCount how many distinct examples the answer is about
     * @param arrays the answer, by name
     */
    public static ModelUpdate answer(TrainingTask task, long exampleCount, Map<String, NDArray> arrays) {
        Receipt receipt = new Receipt(
                task.client(),
                Receipt.Outcome.SENT,
                task.modelVersion(),
                exampleCount,
                /* localSteps= */ 0,
                Facts.none(),
                Metrics.none(),
                /* bytes= */ 0);
        return new ModelUpdate(receipt, new Payload(Optional.empty(), arrays), Map.of());
    }

    /** Returns the receipt of this update with what became of it, and with its size. */
    public Receipt receipt(Receipt.Outcome outcome) {
        return receipt.with(outcome, byteCount());
    }

    /** Returns the sender. */
    public ClientId client() {
        return receipt.client();
    }

    /** Returns the version of the model that the client started from. */
    public int modelVersion() {
        return receipt.modelVersion();
    }

    /** Returns how many distinct examples the client trained on; epochs do not multiply it. */
    public long exampleCount() {
        return receipt.exampleCount();
    }

    /** Returns how many optimizer steps the client took. */
    public long localSteps() {
        return receipt.localSteps();
    }

    /** Returns what rules go by. */
    public Facts facts() {
        return receipt.facts();
    }

    /** Returns what the client measured, for people. */
    public Metrics metrics() {
        return receipt.metrics();
    }

    /**
     * Returns local model minus received model; integer buffers hold the local values.
     *
     * @throws IllegalStateException if the client sends nothing of its model
     */
    public ParameterVector delta() {
        return payload.delta()
                .orElseThrow(() -> new IllegalStateException("update of " + client()
                        + " must have a delta where a rule reads it, but has attachments "
                        + payload.attachments().keySet() + " alone"));
    }

    /** Returns what the client sends beside the delta, by name. */
    public Map<String, NDArray> attachments() {
        return payload.attachments();
    }

    /**
     * Returns an attachment.
     *
     * @throws IllegalArgumentException if the client did not send it
     */
    public NDArray attachment(String name) {
        Check.that(
                attachments().containsKey(name),
                "update of " + client(),
                "with attachment " + name,
                attachments().keySet());
        return attachments().get(name);
    }

    /** Returns the same update with another delta. */
    public ModelUpdate withDelta(ParameterVector other) {
        return with(payload.withDelta(other));
    }

    /** Returns the same update without a delta: what travels are its attachments and facts. */
    public ModelUpdate withoutDelta() {
        return with(new Payload(Optional.empty(), attachments(), Map.of(), payload.slice()));
    }

    /** Returns the same update with other arrays. */
    public ModelUpdate withArrays(ParameterVector otherDelta, Map<String, NDArray> otherAttachments) {
        return with(payload.withDelta(otherDelta).withAttachments(otherAttachments));
    }

    /** Returns the same update with another payload. */
    public ModelUpdate with(Payload other) {
        return new ModelUpdate(receipt, other, kept);
    }

    /** Returns the same update with another receipt. */
    public ModelUpdate with(Receipt other) {
        return new ModelUpdate(other, payload, kept);
    }

    /** Returns the same update with one attachment more, which it then owns. */
    public ModelUpdate withAttachment(String name, NDArray value) {
        Map<String, NDArray> more = new TreeMap<>(attachments());
        more.put(name, value);
        return with(payload.withAttachments(more));
    }

    /** Returns the same update with a fact, in place of an earlier value. */
    public <T> ModelUpdate with(Fact<T> fact, T value) {
        return with(facts().with(fact, value));
    }

    /** Returns the same update with these facts and no others. */
    public ModelUpdate with(Facts others) {
        return with(receipt.with(others, metrics()));
    }

    /** Returns the same update with further metrics. */
    public ModelUpdate withMetrics(Metrics more) {
        return withMeasured(metrics().merge(more));
    }

    /** Returns the same update with these metrics and no others. */
    public ModelUpdate withMeasured(Metrics others) {
        return with(receipt.with(facts(), others));
    }

    /** Returns the same update with other states to keep, whose arrays it then owns. */
    public ModelUpdate withKept(Map<Slot, StrategyState> others) {
        return new ModelUpdate(receipt, payload, others);
    }

    /** Returns this update with what another one keeps too; where both have a slot, this one's counts. */
    public ModelUpdate withKeptOf(ModelUpdate other) {
        if (other.kept.isEmpty()) {
            return this;
        }
        Map<Slot, StrategyState> all = new HashMap<>(other.kept);
        all.putAll(kept);
        return withKept(all);
    }

    /**
     * Returns the SHA-256 of the message's tensors, in hexadecimal digits: of the delta, then of the attachments by
     * name.
     */
    public String sha256() {
        return Tensors.sha256(payload.arrays());
    }

    /** Returns which array somebody has closed, in words; nothing if all are open. */
    public Optional<String> closedArray() {
        Optional<String> closed = payload.closedArray();
        if (closed.isPresent() || kept.isEmpty()) {
            return closed;
        }
        return kept.entrySet().stream()
                .flatMap(state -> state.getValue().tensors().entrySet().stream()
                        .filter(tensor -> tensor.getValue().isReleased())
                        .map(tensor ->
                                tensor.getKey() + " of slot " + state.getKey().name()))
                .sorted()
                .findFirst();
    }

    /** Returns the size of the message's tensors as they were sent, also once they are decoded. */
    public long byteCount() {
        return receipt.bytes() > 0 ? receipt.bytes() : payload.byteCount();
    }

    /** Takes the arrays out of the open scope and hands them to a manager. */
    public ModelUpdate keep(NDManager manager) {
        payload.keep(manager);
        kept.values().forEach(state -> state.keep(manager));
        return this;
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        payload.close();
        kept.values().forEach(state -> state.tensors().values().forEach(NDArray::close));
    }
}
