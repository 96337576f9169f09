package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Client;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.Receipt;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.LocalModel;
import org.fl4j.model.TrainingProgram;
import org.fl4j.tensor.ParameterVector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains by mini-batch gradient steps: ClientUpdate of McMahan et al. 2017 (arXiv 1602.05629, algorithm 1), with any
 * {@link ClientOptimizer}. Subclass it and override a hook to do research:
 *
 * <pre>{@code
 * class PullBack extends SgdClient { // the proximal term of FedProx
 *     PullBack(ClientId id, Worker worker, LocalTraining training) {
 *         super(id, worker, training);
 *     }
 *
 *     protected void afterBackward(LocalStep step) {
 *         step.gradient().addi(step.parameters().sub(step.received()).muli(0.01f));
 *     }
 * }
 * }</pre>
 *
 * <p>There are two paths with one result, up to rounding. A {@link org.fl4j.model.Network} trains as one compiled
 * program; any other block, and a subclass that overrides a hook of the step ({@link #losses} or
 * {@link #afterBackward}), trains on the eager path, step by step. One client class always takes the same path. Clients
 * of this class itself with a small model may train in a block with others, see {@link TrainedBlock}, again with one
 * result up to rounding.
 *
 * <p>Arrays made in a hook are freed after the step. Examples are shuffled anew each epoch, from the round's and the
 * client's seed. An update carries the metric {@code train/loss}, the mean over all examples seen in training mode
 * before each step, and the {@link org.fl4j.message.TrainingFacts}.
 */
public class SgdClient implements Client {
    private static final Logger LOG = LoggerFactory.getLogger(SgdClient.class);
    private static final ClassValue<Boolean> HOOKS_INTO_STEPS = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            boolean hooks = overrides(type, "losses") || overrides(type, "afterBackward");
            if (hooks) {
                LOG.info("{} hooks into the steps of local training, which runs on the eager path", type.getName());
            }
            return hooks;
        }
    };

    private static final ClassValue<Boolean> OWN_LOSS = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return overrides(type, "losses");
        }
    };

    /** The purpose of the seed that the order of examples follows from. */
    static final String SHUFFLE = "shuffle";

    private final ClientId id;
    private final Worker worker;
    private final LocalTraining configured;
    private LocalTraining training; // as the task's settings have it
    private Optional<Map<Slot, StrategyState>> keeping = Optional.empty(); // while it trains

    /** Makes a client that trains on the worker. */
    public SgdClient(ClientId id, Worker worker, LocalTraining training) {
        this.id = id;
        this.worker = worker;
        configured = training;
        this.training = training;
    }

    private static boolean overrides(Class<?> type, String method) {
        for (Class<?> at = type; at != SgdClient.class; at = at.getSuperclass()) {
            if (Arrays.stream(at.getDeclaredMethods())
                    .anyMatch(own -> own.getName().equals(method))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public final ClientId id() {
        return id;
    }

    /** Hook: called once, when the received model is loaded and before the first step. */
    protected void beforeTraining(TrainingTask task, LocalModel model) {}

    /**
     * Hook: returns what a proximal term pulls to, in the training of the round: float32, shape (trainableCount), not
     * changed while the client trains. By default the received parameters. Called after {@link #beforeTraining}.
     */
    protected NDArray anchor(ParameterVector received) {
        return received.trainable();
    }

    /** Hook: returns one loss an example, shape (n), whose mean is minimised; by default the task's loss. */
    protected NDArray losses(NDArray predictions, NDArray labels) {
        return worker.model().task().loss().perExample(predictions, labels);
    }

    /**
     * Hook: returns what to add to the gradient of every step of this training, such as the difference of SCAFFOLD's
     * control variates: float32, shape (trainableCount), on the worker's device. By default nothing. Works on both
     * paths.
     */
    protected Optional<NDArray> gradientCorrection(TrainingTask task) {
        return Optional.empty();
    }

    /**
     * Hook: called after each backward pass, with the correction added, and before gradient clipping and the
     * optimizer's step.
     */
    protected void afterBackward(LocalStep step) {}

    /**
     * Hook: trains the local model, which holds the received parameters: by default by the mini-batch steps of {@link
     * #training}. Override it for another procedure than steps on batches; the hooks of the step are then yours to
     * call.
     */
    protected LocalResult optimize(TrainingTask task, LocalModel model, ParameterVector received) {
        return run(task, training, anchor(received), "").result();
    }

    /** Hook: called once, after the last step and before the update is taken. */
    protected void afterTraining(TrainingTask task, LocalModel model) {}

    /** Hook: called when the received model is loaded and before it is evaluated. */
    protected void beforeEvaluation(TrainingTask task, LocalModel model) {}

    /** Hook: returns the update to send: as it is by default, or with attachments and further metrics. */
    protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
        return update;
    }

    @Override
    public final ModelUpdate train(TrainingTask task) {
        LocalModel model = worker.model();
        Map<Slot, StrategyState> states = new HashMap<>();
        keeping = Optional.of(states);
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ParameterVector received = task.model().on(worker.device());
            model.load(received);
            ClientExamples examples = examples();
            training = configured.under(task.settings(), examples.count());
            model.seed(task.seed("dropout before training"));
            beforeTraining(task, model);
            LocalResult result = optimize(task, model, received);
            afterTraining(task, model);
            ParameterVector delta = model.parameters().minus(received, worker.updates());
            Receipt receipt = new Receipt(
                    id,
                    Receipt.Outcome.SENT,
                    task.modelVersion(),
                    examples.count(),
                    result.steps(),
                    result.facts(),
                    result.metrics(),
                    /* bytes= */ 0);
            Payload payload = new Payload(Optional.of(delta), Map.of());
            ModelUpdate upload = upload(task, new ModelUpdate(receipt, payload, Map.of()));
            if (states.isEmpty()) {
                return upload.keep(worker.updates());
            }
            states.putAll(upload.kept());
            return upload.withKept(states).keep(worker.updates());
        } finally {
            keeping = Optional.empty();
        }
    }

    /**
     * Trains the local model on from where it is, for algorithms that train more than once a round.
     *
     * @param how to train
     * @param anchor what a proximal term pulls to: float32, shape (trainableCount)
     * @param purpose tells the order of examples and the dropout of this training from the others'
     */
    protected final void train(TrainingTask task, LocalTraining how, NDArray anchor, String purpose) {
        run(task, how, anchor, " " + purpose);
    }

    private LocalRun run(TrainingTask task, LocalTraining how, NDArray anchor, String purpose) {
        LocalModel model = worker.model();
        model.seed(task.seed("dropout" + purpose));
        ClientExamples examples = examples();
        LocalSchedule schedule = LocalSchedule.of(how, examples, task.seed(SHUFFLE + purpose));
        Optional<NDArray> correction = gradientCorrection(task);
        LocalRun run = new LocalRun(task, model, anchor, correction, examples, schedule, how);
        Optional<TrainingProgram> program = HOOKS_INTO_STEPS.get(getClass())
                ? Optional.empty()
                : model.program(how.stepRule(correction.isPresent()));
        program.ifPresentOrElse(run::compiled, () -> run.eager(this::losses, this::afterBackward));
        return run;
    }

    /**
     * Returns the gradient of a batch's mean loss at the local model, in training mode: float32, shape
     * (trainableCount). Running statistics and other buffers stay as they are.
     */
    protected final NDArray gradient(Examples batch) {
        ParameterVector parameters = worker.model().parameters();
        ParameterVector before = parameters.layout().hasBuffers() ? parameters.copy() : parameters;
        NDArray gradient = worker.model()
                .gradient(batch.features(), predictions -> losses(predictions, batch.labels()))
                .gradient();
        if (before != parameters) {
            parameters.setInPlace(before);
        }
        return gradient;
    }

    /**
     * Returns the gradient of the mean loss over all of this client's examples at the local model, in training mode:
     * float32, shape (trainableCount).
     */
    protected final NDArray fullGradient() {
        return gradient(examples().gather(worker.model().manager()));
    }

    /**
     * Checks that the model and the loss accept this client's examples.
     *
     * @throws IllegalArgumentException if they do not; the message names the layer or the measure, the rule and the
     *     value
     */
    public final void requireExamples() {
        examples();
    }

    /** Returns what this client trains on. */
    protected final ClientExamples examples() {
        ClientExamples examples = worker.data().examples(id, worker.device());
        worker.model()
                .require("training data", examples.source(), OWN_LOSS.get(getClass()) ? Map.of() : lossOf(worker));
        return examples;
    }

    private static Map<String, ExampleMeasure> lossOf(Worker worker) {
        return Map.of("loss", worker.model().task().loss());
    }

    /** Returns what this client computes with. */
    protected final Worker worker() {
        return worker;
    }

    /** Returns how this client trains, from {@link #beforeTraining} on as the task's settings have it. */
    protected final LocalTraining training() {
        return training;
    }

    /**
     * Returns what this client kept in a slot in the last of its rounds that was accepted, in arrays of the open scope.
     */
    protected final Optional<StrategyState> kept(Slot slot) {
        return worker.states().load(id, slot, worker.model().manager());
    }

    /**
     * Keeps a copy of a state, in place of what the slot held before, if this round's update is accepted.
     *
     * @throws IllegalStateException if this client does not train now
     */
    protected final void keep(Slot slot, StrategyState state) {
        Slot.requireOfClient(slot);
        Map<Slot, StrategyState> states = keeping.orElseThrow(() -> new IllegalStateException("slot " + slot.name()
                + " of " + id + " must be kept while the client trains, for what it keeps is part of its update"));
        Map<String, NDArray> tensors = new TreeMap<>();
        state.tensors().forEach((name, array) -> tensors.put(name, array.duplicate()));
        states.put(slot, state.withTensors(tensors));
    }

    /** Answers by the {@link ClientQuery} of that name, from the examples that this client trains on. */
    @Override
    public ModelUpdate answer(String query, TrainingTask task) {
        ClientQuery asked = worker.query(query);
        LocalModel model = worker.model();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ClientExamples examples = examples();
            model.load(task.model());
            model.seed(task.seed("dropout before answering"));
            return ModelUpdate.answer(task, examples.count(), asked.answer(task, model, examples))
                    .keep(worker.updates());
        }
    }

    /**
     * Evaluates the received model on this client's evaluation data. The metrics are those of the task, with names
     * that say who was evaluated on what ({@link Worker#evaluationSplit}): {@code client/test/loss},
     * {@code client/test/accuracy}. A client without evaluation examples measures nothing.
     */
    @Override
    public Metrics evaluate(TrainingTask task) {
        LocalModel model = worker.model();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ClientExamples examples = worker.evaluationData().examples(id, worker.device());
            if (examples.count() == 0) {
                return Metrics.none();
            }
            model.require("evaluation data", examples.source(), model.task().measures());
            model.load(task.model());
            model.seed(task.seed("dropout before evaluation"));
            beforeEvaluation(task, model);
            return model.evaluate(examples.gather(model.manager()), worker.evaluationSplit(id));
        }
    }
}
