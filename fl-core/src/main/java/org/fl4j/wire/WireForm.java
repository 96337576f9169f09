package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.fl4j.core.ClientId;
import org.fl4j.core.Fact;
import org.fl4j.core.Facts;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Payload;
import org.fl4j.core.Receipt;
import org.fl4j.core.SharedMessage;
import org.fl4j.core.Slot;
import org.fl4j.core.StrategyState;
import org.fl4j.core.Ticket;
import org.fl4j.internal.Decimals;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

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
    private static final String ATTACHMENT = "attachment/";
    private static final String METRIC = "metric/";
    private static final String FACT = "fact/";
    private static final String KEPT = "kept/";

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
        fields.end();
        return sound(
                TASK, () -> new ClientTask(work, new Ticket(new ClientId(client), round, seed), shared, own, settings));
    }

    /** Writes an update, with the states that its client keeps. */
    public static WireMessage of(ModelUpdate update) {
        Draft draft = new Draft();
        Receipt receipt = update.receipt();
        draft.text(CLIENT, update.client().index());
        draft.text("model version", receipt.modelVersion());
        draft.text("examples", receipt.exampleCount());
        draft.text("steps", receipt.localSteps());
        receipt.facts()
                .values()
                .forEach((fact, value) -> draft.text(
                        FACT + fact.source() + '/' + fact.type().getSimpleName() + '/' + fact.name(), value));
        draft.metrics(receipt.metrics());
        update.payload().delta().ifPresent(delta -> draft.vector(DELTA, delta));
        update.attachments().forEach((name, array) -> draft.array(ATTACHMENT + name, array));
        draft.states(update.kept());
        return draft.message(UPDATE);
    }

    /** Reads an update of a model's layout. */
    public static ModelUpdate update(WireMessage message, ParameterLayout layout) throws IOException {
        Fields fields = new Fields(message, UPDATE);
        int client = fields.integer(CLIENT);
        int version = fields.integer("model version");
        long examples = fields.whole("examples");
        long steps = fields.whole("steps");
        Facts facts = facts(fields);
        Metrics metrics = metrics(fields);
        Optional<ParameterVector> delta = fields.vector(DELTA, layout);
        Map<String, NDArray> attachments = fields.arrays(ATTACHMENT);
        Map<Slot, StrategyState> kept = states(fields);
        fields.end();
        return sound(UPDATE, () -> {
            Receipt receipt = new Receipt(
                    new ClientId(client), Receipt.Outcome.SENT, version, examples, steps, facts, metrics, 0);
            return new ModelUpdate(receipt, new Payload(delta, attachments), kept);
        });
    }

    /** Writes what a client measured when it evaluated. */
    public static WireMessage of(Metrics measured) {
        Draft draft = new Draft();
        draft.metrics(measured);
        return draft.message(MEASURED);
    }

    /** Reads what a client measured. */
    public static Metrics measured(WireMessage message) throws IOException {
        Fields fields = new Fields(message, MEASURED);
        Metrics metrics = metrics(fields);
        fields.end();
        return metrics;
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
        draft.states(states);
        return draft.message(STATES);
    }

    /** Reads what slots hold of a client. */
    public static Map<Slot, StrategyState> kept(WireMessage message) throws IOException {
        Fields fields = new Fields(message, STATES);
        Map<Slot, StrategyState> kept = states(fields);
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

    private static Metrics metrics(Fields fields) throws IOException {
        Map<String, Metric> metrics = new TreeMap<>();
        for (Map.Entry<String, String> text : fields.texts(METRIC).entrySet()) {
            Metric metric = fields.parsed(METRIC + text.getKey(), text.getValue(), "a sum and a weight", pair -> {
                String[] both = pair.split(" ", 2);
                return new Metric(Decimals.parse(both[0]), Decimals.parse(both.length == 2 ? both[1] : ""));
            });
            metrics.put(text.getKey(), metric);
        }
        return new Metrics(metrics);
    }

    private static Facts facts(Fields fields) throws IOException {
        try {
            return factsOf(fields);
        } catch (IllegalArgumentException e) { // such as a name without letters
            throw new IOException(UPDATE + ": " + e.getMessage(), e);
        }
    }

    private static Facts factsOf(Fields fields) throws IOException {
        Map<Fact<?>, Object> facts = new HashMap<>();
        for (Map.Entry<String, String> text : fields.texts(FACT).entrySet()) {
            String key = FACT + text.getKey();
            String[] parts = text.getKey().split("/", 3);
            if (parts.length < 3) {
                throw new IOException(UPDATE + ": " + key + " must be of source, type and name, but is not");
            }
            Fact.Source source = fields.constant(key, parts[0], Fact.Source.class);
            switch (parts[1]) {
                case "Double" ->
                    facts.put(
                            new Fact<>(parts[2], Double.class, source),
                            fields.parsed(key, text.getValue(), "a number", Decimals::parse));
                case "Long" ->
                    facts.put(
                            new Fact<>(parts[2], Long.class, source),
                            fields.parsed(key, text.getValue(), "a whole number", Long::valueOf));
                case "Boolean" ->
                    facts.put(
                            new Fact<>(parts[2], Boolean.class, source),
                            fields.parsed(key, text.getValue(), "true or false", WireForm::truth));
                case "String" -> facts.put(new Fact<>(parts[2], String.class, source), text.getValue());
                default ->
                    throw new IOException(
                            UPDATE + ": " + key + " must be a Double, Long, Boolean or String, but is not");
            }
        }
        return new Facts(facts);
    }

    private static boolean truth(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        };
    }

    /** Slots by name, with owner, numbers and arrays. */
    private static Map<Slot, StrategyState> states(Fields fields) throws IOException {
        Map<Slot, StrategyState> states = new HashMap<>();
        for (Map.Entry<String, String> owner : fields.texts(KEPT + "owner/").entrySet()) {
            String name = owner.getKey();
            Slot.Owner whose = fields.constant(KEPT + "owner/" + name, owner.getValue(), Slot.Owner.class);
            Map<String, Double> numbers = fields.numbers(KEPT + "number/" + name + '/');
            Map<String, NDArray> arrays = fields.arrays(KEPT + name + '/');
            states.put(sound(KEPT, () -> new Slot(name, whose)), new StrategyState(arrays, numbers));
        }
        return states;
    }

    /** Makes a value whose own rules a message may break. */
    private static <T> T sound(String kind, Supplier<T> value) throws IOException {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            throw new IOException(kind + ": " + e.getMessage(), e);
        }
    }

    /** A message in the making. */
    private static final class Draft {
        private final Map<String, String> texts = new TreeMap<>();
        private final Map<String, NDArray> arrays = new TreeMap<>();

        void text(String key, Object value) {
            texts.put(key, value.toString());
        }

        void array(String name, NDArray array) {
            arrays.put(name, array);
        }

        void vector(String name, ParameterVector vector) {
            array(name + "/floats", vector.floats());
            vector.integers().ifPresent(integers -> array(name + "/integers", integers));
        }

        void metrics(Metrics metrics) {
            metrics.values().forEach((name, metric) -> text(METRIC + name, metric.sum() + " " + metric.weight()));
        }

        void states(Map<Slot, StrategyState> states) {
            states.forEach((slot, state) -> {
                text(KEPT + "owner/" + slot.name(), slot.owner());
                state.numbers().forEach((name, value) -> text(KEPT + "number/" + slot.name() + '/' + name, value));
                state.tensors().forEach((name, array) -> array(KEPT + slot.name() + '/' + name, array));
            });
        }

        WireMessage message(String kind) {
            return new WireMessage(kind, texts, arrays);
        }
    }
}
