package org.fl4j.message;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * What happens in a round, decided before anyone trains: who is asked, in which order their updates are folded, and
 * what each of them is sent. {@link org.fl4j.core.Server#plan} makes it from nothing but its arguments, and
 * {@link org.fl4j.core.Server#update} gets it back. Whatever a server must remember between the two is a {@link Note}
 * in the plan.
 *
 * @param cohort who takes part, in the order in which their updates are folded
 * @param needed how many updates are enough, at least 1: clients beyond that are begun only when they are asked for
 * @param shared the messages that clients have in common, by id
 * @param orders what a client is sent; who is not listed gets the shared message {@link #MODEL} as it is
 * @param facts what the server knows of clients before they train, such as how long they take; part of their receipts
 * @param absent whom else the round asked, and why no update of theirs is waited for: they are not trained
 * @param notes what the server reads again when the updates are there
 * @param blockSize how many positions of the cohort are one block, see {@link org.fl4j.core.UpdateStream#fold}; at
 *     least 1
 * @param together how many positions of the cohort train together, see {@link
 *     org.fl4j.client.ClientHost#trainBlock}; at least 1
 */
public record RoundPlan(
        List<ClientId> cohort,
        int needed,
        Map<String, SharedMessage> shared,
        Map<ClientId, ClientOrder> orders,
        Map<ClientId, Facts> facts,
        List<Rejection> absent,
        Map<Note<?>, Object> notes,
        int blockSize,
        int together) {
    /** The id of the message that all clients get unless there is an order for them. */
    public static final String MODEL = "model";

    private static final ClientOrder USUAL = new ClientOrder(MODEL);

    /** Copies the collections; each order must name a message that there is. */
    public RoundPlan {
        cohort = List.copyOf(Check.present("cohort", cohort));
        Check.positive("needed", needed);
        shared = Collections.unmodifiableMap(new TreeMap<>(Check.present("shared", shared)));
        shared.values().forEach(message -> Check.present("shared message", message));
        orders = Map.copyOf(Check.present("orders", orders));
        facts = Map.copyOf(facts);
        absent = List.copyOf(absent);
        notes = Map.copyOf(notes);
        Check.positive("blockSize", blockSize);
        Check.positive("together", together);
        for (ClientId client : cohort) {
            String id = orders.getOrDefault(client, USUAL).shared();
            if (!shared.containsKey(id)) { // no text but for the failure
                Check.oneOf("shared message of " + client, shared.keySet(), id);
            }
        }
    }

    /** Knows nothing of clients, asks nobody else, and has no notes. */
    public RoundPlan(
            List<ClientId> cohort, int needed, Map<String, SharedMessage> shared, Map<ClientId, ClientOrder> orders) {
        this(cohort, needed, shared, orders, Map.of(), List.of(), Map.of(), /* blockSize= */ 1, /* together= */ 1);
    }

    /** Sends one message to everybody. */
    public static RoundPlan of(List<ClientId> cohort, int needed, SharedMessage message) {
        return new RoundPlan(cohort, needed, Map.of(MODEL, message), Map.of());
    }

    /** Sends one message to everybody and waits for all. */
    public static RoundPlan of(List<ClientId> cohort, SharedMessage message) {
        return of(cohort, Math.max(1, cohort.size()), message);
    }

    /**
     * Makes the message for one client, which need not be of the cohort. Called on the thread that works for the
     * client.
     */
    public TrainingTask task(ClientId client, RoundContext round) {
        ClientOrder order = order(client);
        SharedMessage message = shared.get(order.shared());
        ParameterVector model =
                order.ownModel().isPresent() ? ownModel(client, order.ownModel().get()) : message.model();
        return new TrainingTask(
                round.ticket(client),
                message.modelVersion(),
                order.slice().isPresent() ? order.slice().get().cut(model) : model,
                message.attachments(),
                message.withSettings(order.settings()).settings(),
                order.slice());
    }

    /** Returns what a client is sent, which need not be of the cohort. */
    public ClientOrder order(ClientId client) {
        return orders.getOrDefault(client, USUAL);
    }

    /** Loads a model of a client's own, into the open scope; it must have the layout of the shared one. */
    public ParameterVector ownModel(ClientId client, ClientOrder.OwnModel own) {
        ParameterVector model = Check.present("own model of " + client, own.load());
        message(client).model().layout().differenceFrom(model.layout()).ifPresent(difference -> {
            throw new IllegalArgumentException(
                    "own model of " + client + " must have the layout of the shared one, but: " + difference);
        });
        return model;
    }

    /** Returns the size of the message for one client: its model and its attachments. */
    public long byteCount(ClientId client) {
        return layout(client).byteCount() + attachmentByteCount(client);
    }

    /** Returns the layout of the model that a client is sent, or of the part of it. */
    public ParameterLayout layout(ClientId client) {
        ParameterLayout whole = message(client).model().layout();
        Optional<Slice> slice = order(client).slice();
        return slice.isPresent() ? slice.get().of(whole) : whole;
    }

    /** Returns whether some clients are sent a part of the model. */
    public boolean hasSlices() {
        return orders.values().stream().anyMatch(order -> order.slice().isPresent());
    }

    /** Returns the size of the attachments for one client. */
    long attachmentByteCount(ClientId client) {
        return TrainingTask.byteCount(message(client).attachments());
    }

    private SharedMessage message(ClientId client) {
        return shared.get(order(client).shared());
    }

    /** Returns the same plan in other blocks. */
    public RoundPlan withBlocks(int otherSize, int othersTogether) {
        return otherSize == blockSize && othersTogether == together
                ? this
                : new RoundPlan(cohort, needed, shared, orders, facts, absent, notes, otherSize, othersTogether);
    }

    /** Returns the cohort in blocks of {@link #together} positions, see {@link #trainable}. */
    public List<List<ClientId>> blocks() {
        List<List<ClientId>> blocks = new ArrayList<>();
        for (int from = 0; from < cohort.size(); from += together) {
            blocks.addAll(trainable(cohort.subList(from, Math.min(from + together, cohort.size()))));
        }
        return blocks;
    }

    /** Returns a block as it is if all its clients are sent one whole model, otherwise each of its clients alone. */
    public List<List<ClientId>> trainable(List<ClientId> block) {
        String shared = order(block.get(0)).shared();
        boolean isOne = block.stream()
                .map(this::order)
                .allMatch(order -> order.isOfShared() && order.shared().equals(shared));
        return isOne ? List.of(block) : block.stream().map(List::of).toList();
    }

    /** Returns the same plan with another cohort. */
    public RoundPlan withCohort(List<ClientId> others) {
        return new RoundPlan(others, needed, shared, orders, facts, absent, notes, blockSize, together);
    }

    /** Returns the same plan with what a server knows of clients too, and with those that it does not wait for. */
    public RoundPlan withKnown(Map<ClientId, Facts> known, List<Rejection> others) {
        Map<ClientId, Facts> all = new TreeMap<>(facts);
        known.forEach((client, more) -> all.merge(client, more, Facts::with));
        List<Rejection> missing = new ArrayList<>(absent);
        missing.addAll(others);
        return new RoundPlan(cohort, needed, shared, orders, all, missing, notes, blockSize, together);
    }

    /** Returns what the server knows of a client. */
    public Facts facts(ClientId client) {
        return facts.getOrDefault(client, Facts.none());
    }

    /** Returns the receipt of a client from whom no update came. */
    public Receipt receipt(ClientId client, Receipt.Outcome outcome) {
        SharedMessage message = message(client);
        return Receipt.of(client, outcome, message == null ? 0 : message.modelVersion(), facts(client));
    }

    /** Returns the same plan with other messages and orders. */
    public RoundPlan withMessages(Map<String, SharedMessage> messages, Map<ClientId, ClientOrder> others) {
        return new RoundPlan(cohort, needed, messages, others, facts, absent, notes, blockSize, together);
    }

    /** Returns the same plan with another order for one client. */
    public RoundPlan withOrder(ClientId client, UnaryOperator<ClientOrder> change) {
        Map<ClientId, ClientOrder> changed = new TreeMap<>(orders);
        changed.put(client, change.apply(order(client)));
        return withMessages(shared, changed);
    }

    /** Returns the same plan with further settings for everybody. */
    public RoundPlan withSettings(Map<String, Double> more) {
        Map<String, SharedMessage> changed = shared.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, message -> message.getValue().withSettings(more)));
        return withMessages(changed, orders);
    }

    /** Returns the same plan with a note. */
    public <T> RoundPlan with(Note<T> note, T value) {
        Map<Note<?>, Object> more = new HashMap<>(notes);
        more.put(note, note.type().cast(Check.present("note " + note.name(), value)));
        return new RoundPlan(cohort, needed, shared, orders, facts, absent, more, blockSize, together);
    }

    /**
     * Returns what was noted.
     *
     * @throws IllegalArgumentException if nothing was: the plan is another server's
     */
    public <T> T note(Note<T> note) {
        Check.that(
                notes.containsKey(note),
                "plan of the round",
                "the one that was made with note " + note.name(),
                "one with notes "
                        + notes.keySet().stream().map(Note::name).sorted().toList());
        return note.type().cast(notes.get(note));
    }
}
