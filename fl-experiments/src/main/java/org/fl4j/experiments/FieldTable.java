package org.fl4j.experiments;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.DatasetSource;
import org.fl4j.data.Partitioner;
import org.fl4j.execution.PriorityRule;
import org.fl4j.experiments.Field.Rule;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.ModelFactory;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.CohortExecutor;
import org.fl4j.simulation.ListenerFactory;
import org.fl4j.simulation.StopRule;
import org.fl4j.world.World;

/** All fields of an experiment, in the order in which people read them. */
public final class FieldTable {
    private static final List<Field> FIELDS = List.of(
            named("data.set", DatasetSource.class, "mnist", "what is learned from"),
            text("data.source", "digits", "where mnist and cifar come from: digits, download, or a directory of files"),
            named("data.partition", Partitioner.class, "iid", "how examples are shared out among clients"),
            whole("data.clients", Rule.FROM_ONE, "100", "how many clients there are"),
            number(
                    "data.localTest",
                    Rule.FRACTION,
                    "0.2 with clientEvaluationEvery",
                    "the share of each client's examples that it evaluates on and does not train on"),
            whole(
                    "data.heldOut",
                    Rule.FROM_ZERO,
                    "0",
                    "how many of the clients, the last ones, evaluate and never train"),
            named("model", ModelFactory.class, "2nn", "what is trained"),
            named("loss", ExampleMeasure.class, "the model's", "what clients minimise"),
            names("metrics", ExampleMeasure.class, "the model's", "what is measured beside the loss"),
            number("training.learningRate", Rule.POSITIVE, "0.1", "the learning rate of clients"),
            whole("training.epochs", Rule.FROM_ONE, "1", "how often a client goes through its examples in a round"),
            whole(
                    "training.steps",
                    Rule.FROM_ONE,
                    "",
                    "how many batches a client trains on in a round, in place of epochs"),
            whole("training.batchSize", Rule.FROM_ONE, "10", "how many examples a batch has"),
            choice("training.optimizer", List.of("adam", "sgd"), "sgd", "how clients take their steps"),
            number("training.momentum", Rule.FRACTION, "0", "the momentum of sgd"),
            number("training.weightDecay", Rule.NOT_NEGATIVE, "0", "the weight decay of clients"),
            number("training.gradientClip", Rule.POSITIVE, "", "the largest norm of a step's gradient"),
            number("training.proximalTerm", Rule.NOT_NEGATIVE, "0", "the pull to the received model"),
            named("algorithm", Algorithm.class, "", "a whole algorithm; nothing else may name one of its own parts"),
            named("aggregator", Aggregator.class, "the algorithm's, or fedavg", "how updates are combined"),
            named("serverOptimizer", ServerOptimizer.class, "plain", "how the combined update is applied"),
            named("selector", ClientSelector.class, "the algorithm's, or uniform", "who takes part in a round"),
            named("uploadTransform", UpdateTransform.class, "", "what is done to updates before they are sent"),
            named("codec", Codec.class, "", "how updates are encoded on their way to the server"),
            named("privacy", Algorithm.class, "", "a private algorithm that is put around all that"),
            named("attack", Adversary.class, "", "what attackers do: falsify their updates, or what they train on"),
            named("poison", Adversary.class, "", "what attackers do besides attack"),
            whole("byzantine", Rule.FROM_ZERO, "0", "how many of the clients, the first ones, are attackers"),
            whole("updates.minimum", Rule.FROM_ZERO, "0", "of fewer updates a round makes nothing"),
            whole("updates.buffer", Rule.FROM_ONE, "all", "how many updates close a round"),
            yesOrNo(
                    "updates.onDisk",
                    "whether updates that wait are kept in files of the run's directory, deleted after the round"),
            named("world.name", World.class, "", "simulated devices and their availability, on a simulated clock"),
            text("world.deviceTrace", "", "devices of the world, from a file in FedScale's form (.json, .csv)"),
            text(
                    "world.availabilityTrace",
                    "",
                    "availability of the world, from a file in FedScale's form (.json, .csv)"),
            number("world.timeout", Rule.POSITIVE, "no limit", "simulated seconds that a synchronous round may last"),
            number("world.overCommit", Rule.FACTOR, "1", "how many clients are asked for each that is waited for"),
            whole(
                    "world.concurrency",
                    Rule.FROM_ONE,
                    "",
                    "makes rounds asynchronous: how many clients train at any time"),
            whole("world.buffer", Rule.FROM_ONE, "10", "how many arrivals make an asynchronous round"),
            number("world.window", Rule.POSITIVE, "no limit", "simulated seconds that an asynchronous round may last"),
            whole("world.maxStaleness", Rule.FROM_ZERO, "10", "how many versions an arrival may be behind"),
            whole("cohort", Rule.FROM_ZERO, "10", "how many clients take part in a round"),
            whole("rounds", Rule.FROM_ONE, "20", "how many rounds there are"),
            number("target", Rule.SHARE, "", "a test accuracy to end at"),
            names("stop", StopRule.class, "", "rules to end at before the last round"),
            whole("clientEvaluationEvery", Rule.FROM_ONE, "never", "after how many rounds clients evaluate the model"),
            named(
                    "clientEvaluationSelector",
                    ClientSelector.class,
                    "all, or uniform with clientEvaluationCount",
                    "which clients evaluate"),
            whole("clientEvaluationCount", Rule.FROM_ONE, "all", "how many clients evaluate"),
            text("device", "cpu", "cpu, gpu, gpu:1, auto, or a list such as gpu:0,gpu:1"),
            speed(whole("workers", Rule.FROM_ONE, "one a processor", "how many clients train at once")),
            speed(whole(
                    "execution.ahead",
                    Rule.FROM_ONE,
                    "2",
                    "how many clients a worker are queued or wait to be folded")),
            speed(named("execution.order", PriorityRule.class, "cohort", "who begins first")),
            choice("execution.onFailure", List.of("fail", "skip"), "fail", "what a client that fails does to the run"),
            whole("execution.attempts", Rule.FROM_ONE, "1", "how often a client that fails is begun"),
            speed(number(
                    "execution.backOff",
                    Rule.NOT_NEGATIVE,
                    "0.25",
                    "seconds before the second attempt; they double with each further one")),
            number("execution.timeout", Rule.POSITIVE, "no limit", "seconds that an attempt may take"),
            number(
                    "execution.roundLimit",
                    Field.Rule.POSITIVE,
                    "no limit",
                    "seconds that the training of a round may take; clients that have not begun by then fail"),
            choice(
                    "execution.blockTraining",
                    List.of("auto", "always", "never"),
                    "auto",
                    "whether the clients of a block train all at once: auto is where that is faster"),
            whole("execution.blockSize", Rule.FROM_ONE, "auto", "how many clients are a block"),
            speed(yesOrNo("execution.monitor", "whether processors, memory, disk and GPUs are looked at")),
            choice(
                    "execution.adapt",
                    List.of("fedscale", "own-batch"),
                    "",
                    "how training adapts to what the machine has left"),
            speed(named(
                    "execution.executor",
                    CohortExecutor.Factory.class,
                    "workers of this process",
                    "where clients run")),
            speed(names(
                    "listeners",
                    ListenerFactory.class,
                    "",
                    "what else is written, below listeners in the run's directory")),
            whole("seed", Rule.ANY, "0", "the seed of all random choices"));

    private FieldTable() {}

    /** Returns all fields. */
    public static List<Field> all() {
        return FIELDS;
    }

    /** Returns the field at a path, if there is one. */
    static Optional<Field> find(String path) {
        return FIELDS.stream().filter(field -> field.path().equals(path)).findFirst();
    }

    /** Returns what may stand in a map: names of fields, and of maps that hold some. */
    static SortedSet<String> keys(String map) {
        String prefix = map.isEmpty() ? "" : map + ".";
        SortedSet<String> keys = new TreeSet<>();
        for (Field field : FIELDS) {
            if (field.path().startsWith(prefix)) {
                keys.add(field.path().substring(prefix.length()).replaceFirst("\\..*", ""));
            }
        }
        return keys;
    }

    private static Field text(String path, String usual, String meaning) {
        return new Field(path, Field.Type.TEXT, Optional.empty(), Rule.ANY, List.of(), usual, true, meaning);
    }

    private static Field choice(String path, List<String> choices, String usual, String meaning) {
        return new Field(path, Field.Type.TEXT, Optional.empty(), Rule.ANY, choices, usual, true, meaning);
    }

    private static Field whole(String path, Rule rule, String usual, String meaning) {
        return new Field(path, Field.Type.WHOLE, Optional.empty(), rule, List.of(), usual, true, meaning);
    }

    private static Field number(String path, Rule rule, String usual, String meaning) {
        return new Field(path, Field.Type.NUMBER, Optional.empty(), rule, List.of(), usual, true, meaning);
    }

    private static Field yesOrNo(String path, String meaning) {
        return new Field(path, Field.Type.YES_OR_NO, Optional.empty(), Rule.ANY, List.of(), "false", false, meaning);
    }

    private static Field named(String path, Class<?> kind, String usual, String meaning) {
        return new Field(path, Field.Type.NAME, Optional.of(kind), Rule.ANY, List.of(), usual, true, meaning);
    }

    private static Field names(String path, Class<?> kind, String usual, String meaning) {
        return new Field(path, Field.Type.NAMES, Optional.of(kind), Rule.ANY, List.of(), usual, true, meaning);
    }

    /** A field on which no result depends. */
    private static Field speed(Field field) {
        return new Field(
                field.path(),
                field.type(),
                field.kind(),
                field.rule(),
                field.choices(),
                field.usual(),
                /* changesResults= */ false,
                field.meaning());
    }
}
