package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Client;
import org.fl4j.internal.Check;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;

/**
 * Calls clients, and holds them to the rules of {@link Client}. A client that breaks a rule fails, and harms nobody
 * else: a client of one's own trains from a copy of the message, so that it cannot write into the server's model, and
 * sends arrays that nobody else has.
 */
final class ClientCall {
    /** The number of metrics of a client that were not numbers; there only if there were any. */
    static final String NOT_FINITE = "metrics/not finite";

    /** No count of examples comes near; sums of as many weights as there can be clients stay finite. */
    private static final double LARGEST_WEIGHT = 0x1p53;

    private static final double LARGEST_SUM = 1e298;

    /**
     * The arrays of updates that were sent and are not folded yet: an array that is sent twice would be freed twice.
     */
    private final Set<NDArray> underWay =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    /**
     * Has a client train.
     *
     * @throws IllegalStateException if the client breaks a rule; the message names it
     */
    ModelUpdate train(Client client, TrainingTask task, Worker worker) {
        return isPlain(client) ? measured(client.train(task)) : sent(client::train, "train", task, worker);
    }

    /**
     * Has a client answer a query.
     *
     * @throws IllegalStateException if the client breaks a rule; the message names it
     */
    ModelUpdate answer(Client client, String query, TrainingTask task, Worker worker) {
        ModelUpdate answer = sent(copy -> client.answer(query, copy), "answer", task, worker);
        require(answer.payload().delta().isEmpty(), "answer must be without a delta, but has one");
        require(
                answer.kept().isEmpty(),
                "answer must keep nothing, but keeps " + answer.kept().keySet());
        return answer;
    }

    private ModelUpdate sent(
            Function<TrainingTask, ModelUpdate> call, String method, TrainingTask task, Worker worker) {
        Given given = given(task);
        ModelUpdate update = call.apply(given.task());
        require(update != null, method + " must return an update, but returned null");
        given.requireUntouched();
        return sent(given, update, worker);
    }

    /**
     * Looks at what a client sends.
     *
     * @param given what it was given
     * @throws IllegalStateException if the client broke a rule; the message names it
     */
    ModelUpdate sent(Given given, ModelUpdate update, Worker worker) {
        Check.that(
                update.client().equals(given.task().client()),
                "client of the update",
                given.task().client().toString(),
                update.client());
        Set<NDArray> ofOthers = given.arrays();
        ofOthers.addAll(worker.model().parameters().arrays());
        update.closedArray().ifPresent(closed -> {
            throw new IllegalStateException("arrays of the update must be open, but was closed: " + closed);
        });
        for (NDArray array : arrays(update)) {
            require(!ofOthers.contains(array), "arrays of the update must be its own, but one is the model's");
        }
        update.facts().values().keySet().forEach(ClientCall::requireOfClient);
        noteSent(update);
        return measured(update);
    }

    private static void requireOfClient(Fact<?> fact) {
        require(
                fact.source() != Fact.Source.SERVER,
                "facts of the update must be the client's, but the server alone knows " + fact.name());
    }

    /** The library's own client keeps to the rules, which need not be checked at the cost of small models' time. */
    private static boolean isPlain(Client client) {
        return client.getClass() == SgdClient.class;
    }

    /** Leaves out what is not a number: a rule or a mean would make it everybody's. */
    static ModelUpdate measured(ModelUpdate update) {
        Facts facts = update.facts()
                .whereValue(value -> !(value instanceof Double number) || Math.abs(number) <= LARGEST_SUM);
        if (facts.values().size() == update.facts().values().size() && areFinite(update.metrics())) {
            return update;
        }
        Map<String, Metric> metrics = finite(update.metrics());
        Set<String> left = new HashSet<>(update.metrics().values().keySet());
        left.removeAll(metrics.keySet());
        update.facts().values().keySet().stream()
                .filter(fact -> !facts.values().containsKey(fact))
                .forEach(fact -> left.add(fact.name()));
        metrics.put(NOT_FINITE, new Metric(left.size(), 1));
        return update.with(update.receipt().with(facts, new Metrics(metrics)));
    }

    /**
     * Has a client evaluate.
     *
     * @throws IllegalStateException if the client breaks a rule; the message names it
     */
    Metrics evaluate(Client client, TrainingTask task) {
        Given given = isPlain(client) ? new Given(task, /* isCopy= */ false) : given(task);
        Metrics measured = client.evaluate(given.task());
        require(measured != null, "evaluate must return metrics, but returned null");
        given.requireUntouched();
        if (areFinite(measured)) {
            return measured;
        }
        Map<String, Metric> kept = finite(measured);
        kept.put(NOT_FINITE, new Metric((double) measured.values().size() - kept.size(), 1));
        return new Metrics(kept);
    }

    /** Another update may have the same arrays, and is not to be harmed. */
    private void noteSent(ModelUpdate update) {
        List<NDArray> noted = new ArrayList<>();
        for (NDArray array : arrays(update)) {
            if (!underWay.add(array)) {
                noted.forEach(underWay::remove);
                throw new IllegalStateException("arrays of the update must be its own, but one was sent before");
            }
            noted.add(array);
        }
    }

    /** Goes on with an update in another form. */
    void replace(ModelUpdate before, ModelUpdate after) {
        forget(before);
        noteSent(after);
    }

    /** Forgets the arrays of an update that travels no more. */
    void forget(ModelUpdate update) {
        arrays(update).forEach(underWay::remove);
    }

    /** Returns all arrays of an update, also those that its client keeps. */
    static List<NDArray> arrays(ModelUpdate update) {
        List<NDArray> arrays = new ArrayList<>(update.payload().arrays());
        update.kept().values().forEach(state -> arrays.addAll(state.tensors().values()));
        return arrays;
    }

    private static boolean areFinite(Metrics measured) {
        for (Metric metric : measured.values().values()) {
            if (!isFinite(metric) || metric.weight() > LARGEST_WEIGHT) {
                return false;
            }
        }
        return true;
    }

    private static boolean isFinite(Metric metric) {
        return Math.abs(metric.sum()) <= LARGEST_SUM; // false for NaN
    }

    /** Returns those that are numbers: in a mean another would hide all that the other clients measured. */
    private static Map<String, Metric> finite(Metrics measured) {
        Map<String, Metric> kept = new TreeMap<>();
        measured.values().forEach((name, metric) -> {
            require(
                    metric.weight() <= LARGEST_WEIGHT,
                    "weight of metric " + name + " must be at most 2^53, but was " + metric.weight());
            if (isFinite(metric)) {
                kept.put(name, metric);
            }
        });
        return kept;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalStateException(message);
        }
    }

    /** Copies the message. */
    static Given given(TrainingTask task) {
        Map<String, NDArray> attachments = new TreeMap<>();
        task.attachments().forEach((name, array) -> attachments.put(name, array.duplicate()));
        TrainingTask copy = task.withArrays(task.model().copy(), attachments);
        return new Given(copy, /* isCopy= */ true);
    }

    /** Copies the messages of several clients: those with the same arrays get one copy of them, which they share. */
    static List<Given> given(List<TrainingTask> tasks) {
        List<Given> all = new ArrayList<>();
        TrainingTask first = tasks.get(0);
        Given copy = given(first);
        for (TrainingTask task : tasks) {
            boolean same = task.model() == first.model() && haveSameArrays(task.attachments(), first.attachments());
            all.add(
                    same
                            ? new Given(
                                    task.withArrays(
                                            copy.task().model(), copy.task().attachments()),
                                    /* isCopy= */ true)
                            : given(task));
        }
        return all;
    }

    private static boolean haveSameArrays(Map<String, NDArray> some, Map<String, NDArray> others) {
        return some.keySet().equals(others.keySet())
                && some.entrySet().stream().allMatch(entry -> entry.getValue() == others.get(entry.getKey()));
    }

    /** Returns whether nobody has written to the copies of messages, nor closed them. */
    static boolean areUntouched(List<Given> given) {
        Set<NDArray> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        given.forEach(one -> arrays.addAll(one.arrays()));
        return arrays.stream().noneMatch(NDArray::isReleased) && Kernels.versions(arrays) == 0; // as of new arrays
    }

    /** Frees the arrays of an update that is not sent, unless they are others'. */
    void discard(ModelUpdate update, Worker worker) {
        Set<NDArray> ofOthers = Collections.newSetFromMap(new IdentityHashMap<>());
        ofOthers.addAll(worker.model().parameters().arrays());
        ofOthers.addAll(underWay);
        arrays(update).stream().filter(array -> !ofOthers.contains(array)).forEach(NDArray::close);
    }

    /**
     * What a client was given.
     *
     * @param task the message
     * @param isCopy whether its arrays were copied, so that nobody has written to them yet
     */
    record Given(TrainingTask task, boolean isCopy) {
        /** Returns the message's arrays, told apart by identity. */
        Set<NDArray> arrays() {
            Set<NDArray> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
            arrays.addAll(task.model().arrays());
            arrays.addAll(task.attachments().values());
            return arrays;
        }

        void requireUntouched() {
            if (isCopy) {
                task.model().arrays().forEach(this::requireUntouched);
                task.attachments().values().forEach(this::requireUntouched);
            }
        }

        private void requireUntouched(NDArray array) {
            require(!array.isReleased(), "task must stay open, but the client closed " + name(array));
            require(
                    Kernels.version(array) == 0, // as of every new array
                    "task must not be written to, but the client wrote to " + name(array));
        }

        private String name(NDArray array) {
            return task.attachments().entrySet().stream()
                    .filter(attachment -> attachment.getValue() == array)
                    .findFirst()
                    .map(attachment -> "attachment " + attachment.getKey())
                    .orElse("the model");
        }
    }
}
