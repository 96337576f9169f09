package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.fl4j.core.BlockSums;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.Receipt;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.Ticket;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * What travels between a run and clients in other processes, as {@link WireMessage}s. Reading gives equal values, bit
 * for bit. Arrays are not copied: what is written belongs to the sender, and what is read to the message.
 *
 * <p>Every method that reads throws an {@link IOException} that names field, rule and value if the message is another
 * or damaged.
 */
public final class WireForm {
    /** The kind of a message that clients share. */
    public static final String SHARED = "shared";

    /** The kind of a client's task. */
    public static final String TASK = "task";

    /** The kind of a client's update. */
    public static final String UPDATE = "update";

    /** The kind of what a client measured when it evaluated. */
    public static final String MEASURED = "measured";

    /** The kind of what a block of updates came to. */
    public static final String SUMS = "sums";

    /** The kind of a failure. */
    public static final String FAILURE = "failure";

    /** The kind of a question what a slot holds of a client. */
    public static final String QUESTION = "question";

    /** The kind of the answer to it. */
    public static final String STATES = "states";

    private static final String ID = "id";
    private static final String CLIENT = "client";
    private static final String ROUND = "round";
    private static final String MODEL = "model";
    private static final String DELTA = "delta";
    private static final String SETTING = "setting/";
    private static final String ENCODED = "encoded/";
    private static final String ATTACHMENT = "attachment/";

    private WireForm() {}

    /**
     * A shared message and its id.
     *
     * @param id by which tasks name it
     * @param message what clients have in common
     */
    public record Shared(String id, SharedMessage message) {}

    /**
     * A client failed.
     *
     * @param error type and message of what it threw
     */
    public record Failure(String error) {}

    /**
     * What a client asks the run while it works.
     *
     * @param client who
     * @param slot what of it
     */
    public record Question(ClientId client, Slot slot) {}

    /** Writes a shared message. */
    public static WireMessage of(Shared shared) {
        Draft draft = new Draft();
        draft.text(ID, shared.id());
        draft.text(ROUND, shared.message().modelVersion());
        draft.vector(MODEL, shared.message().model());
        shared.message().attachments().forEach((name, array) -> draft.array(ATTACHMENT + name, array));
        shared.message().settings().forEach((name, value) -> draft.text(SETTING + name, value));
        return draft.message(SHARED);
    }

    /** Reads a shared message of a model's layout. */
    public static Shared shared(WireMessage message, ParameterLayout layout) throws IOException {
        Fields fields = new Fields(message, SHARED);
        String id = fields.text(ID);
        int version = fields.integer(ROUND);
        ParameterVector model = fields.vector(MODEL, layout)
                .orElseThrow(() -> new IOException(SHARED + ": " + MODEL + " must be there, but is not"));
        Map<String, NDArray> attachments = fields.arrays(ATTACHMENT);
        Map<String, Double> settings = fields.numbers(SETTING);
        fields.end();
        return sound(SHARED, () -> new Shared(id, new SharedMessage(version, model, attachments, settings)));
    }

    /** Writes a task. */
    public static WireMessage of(ClientTask task) {
        Draft draft = new Draft();
        draft.text(ID, task.shared());
        draft.text(CLIENT, task.ticket().client().index());
        draft.text(ROUND, task.ticket().round());
        draft.text("seed", task.ticket().seed().value());
        task.ownModel().ifPresent(model -> draft.vector(MODEL, model));
        task.settings().forEach((name, value) -> draft.text(SETTING + name, value));
        draft.text("work", task.work());
        task.query().ifPresent(query -> draft.text("query", query));
        WireParts.write(task.slice(), draft);
        return draft.message(TASK);
    }

    /** Reads a task of a model's layout. */
    public static ClientTask task(WireMessage message, ParameterLayout layout) throws IOException {
        Fields fields = new Fields(message, TASK);
        String shared = fields.text(ID);
        int client = fields.integer(CLIENT);
        int round = fields.integer(ROUND);
        Seed seed = new Seed(fields.whole("seed"));
        Optional<ParameterVector> own = fields.vector(MODEL, layout);
        Map<String, Double> settings = fields.numbers(SETTING);
        ClientTask.Work work = fields.constant("work", ClientTask.Work.class);
        Optional<String> query = fields.find("query");
        Optional<Slice> slice = WireParts.slice(fields);
        fields.end();
        return sound(
                TASK,
                () -> new ClientTask(
                        work, new Ticket(new ClientId(client), round, seed), shared, own, settings, query, slice));
    }

    /** Writes an update, with the states that its client keeps. */
    public static WireMessage of(ModelUpdate update) {
        Draft draft = new Draft();
        WireBlocks.write(update.receipt(), draft);
        WireParts.write(update.payload().slice(), draft);
        update.payload().delta().ifPresent(delta -> draft.vector(DELTA, delta));
        update.payload().encoded().forEach((name, array) -> draft.array(ENCODED + name, array));
        update.attachments().forEach((name, array) -> draft.array(ATTACHMENT + name, array));
        WireParts.write(update.kept(), draft);
        return draft.message(UPDATE);
    }

    /** Reads an update of a model's layout. */
    public static ModelUpdate update(WireMessage message, ParameterLayout layout) throws IOException {
        Fields fields = new Fields(message, UPDATE);
        Receipt receipt = WireBlocks.receipt(fields, /* bytes= */ 0);
        Optional<Slice> slice = WireParts.slice(fields);
        ParameterLayout part =
                slice.isPresent() ? sound(UPDATE, () -> slice.get().of(layout)) : layout;
        Optional<ParameterVector> delta = fields.vector(DELTA, part);
        Map<String, NDArray> encoded = fields.arrays(ENCODED);
        Map<String, NDArray> attachments = fields.arrays(ATTACHMENT);
        Map<Slot, StrategyState> kept = WireParts.states(fields);
        fields.end();
        return sound(UPDATE, () -> new ModelUpdate(receipt, new Payload(delta, attachments, encoded, slice), kept));
    }

    /** Writes what a client measured when it evaluated. */
    public static WireMessage of(Metrics measured) {
        Draft draft = new Draft();
        WireParts.write(measured, draft);
        return draft.message(MEASURED);
    }

    /** Reads what a client measured. */
    public static Metrics measured(WireMessage message) throws IOException {
        Fields fields = new Fields(message, MEASURED);
        Metrics metrics = WireParts.metrics(fields);
        fields.end();
        return metrics;
    }

    /** Writes what a block of updates came to. */
    public static WireMessage of(BlockSums block) {
        Draft draft = new Draft();
        WireBlocks.write(block, draft);
        return draft.message(SUMS);
    }

    /** Reads what a block of updates came to. */
    public static BlockSums sums(WireMessage message) throws IOException {
        Fields fields = new Fields(message, SUMS);
        BlockSums block = WireBlocks.block(fields);
        fields.end();
        return block;
    }

    /** Writes that a client failed. */
    public static WireMessage of(Failure failure) {
        Draft draft = new Draft();
        draft.text("error", failure.error());
        return draft.message(FAILURE);
    }

    /** Reads that a client failed. */
    public static Failure failure(WireMessage message) throws IOException {
        Fields fields = new Fields(message, FAILURE);
        Failure failure = new Failure(fields.text("error"));
        fields.end();
        return failure;
    }

    /** Writes the question what a slot holds of a client. */
    public static WireMessage of(Question question) {
        Draft draft = new Draft();
        draft.text(CLIENT, question.client().index());
        draft.text("slot", question.slot().name());
        draft.text("owner", question.slot().owner());
        return draft.message(QUESTION);
    }

    /** Reads the question what a slot holds of a client. */
    public static Question question(WireMessage message) throws IOException {
        Fields fields = new Fields(message, QUESTION);
        int client = fields.integer(CLIENT);
        String slot = fields.text("slot");
        Slot.Owner owner = fields.constant("owner", Slot.Owner.class);
        fields.end();
        return sound(QUESTION, () -> new Question(new ClientId(client), new Slot(slot, owner)));
    }

    /** Writes what slots hold of a client. */
    public static WireMessage kept(Map<Slot, StrategyState> states) {
        Draft draft = new Draft();
        WireParts.write(states, draft);
        return draft.message(STATES);
    }

    /** Reads what slots hold of a client. */
    public static Map<Slot, StrategyState> kept(WireMessage message) throws IOException {
        Fields fields = new Fields(message, STATES);
        Map<Slot, StrategyState> kept = WireParts.states(fields);
        fields.end();
        return kept;
    }

    /** Writes texts, such as a program or an identity. */
    public static WireMessage texts(String kind, Map<String, String> texts) {
        return new WireMessage(kind, texts, Map.of());
    }

    /** Reads texts. */
    public static Map<String, String> texts(WireMessage message, String kind) throws IOException {
        Fields fields = new Fields(message, kind);
        Map<String, String> texts = fields.texts("");
        fields.end();
        return texts;
    }

    /** Makes a value whose own rules a message may break. */
    static <T> T sound(String kind, Supplier<T> value) throws IOException {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            throw new IOException(kind + ": " + e.getMessage(), e);
        }
    }
}
