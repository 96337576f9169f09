package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.core.Client;
import org.fl4j.data.ClientExamples;
import org.fl4j.expression.Expression;
import org.fl4j.internal.Check;
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
import org.fl4j.model.LossTensors;
import org.fl4j.model.TrainingProgram;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.internal.StepRule;

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
 *     protected Optional<Expression> gradientTerm() {
 *         return Optional.of(Expression.parameters().minus(Expression.received()).times(0.01));
 *     }
 * }
 * }</pre>
 *
 * <p>There are several paths with one result, up to rounding. A {@link org.fl4j.model.Network} trains as one compiled
 * program, also with a {@link #loss} or a {@link #gradientTerm} of the client's own. With {@link #afterBackward}, a
 * compiled program computes the gradient of each step, and the hook and the optimizer follow. Any other block, and a
 * subclass with {@link #losses} of its own, trains on the eager path, step by step through autograd. One client class
 * always takes the same path.
 *
 * <p>Clients of a small model may train in a block with others, see {@link SgdClientFactory#ofOneClass}, again with one
 * result up to rounding.
 *
 * <p>Arrays made in a hook are freed after the step. Examples are shuffled anew each epoch, from the round's and the
 * client's seed. An update carries the metric {@code train/loss}, the mean over all examples seen in training mode
 * before each step, and the {@link org.fl4j.message.TrainingFacts}.
 */
public class SgdClient extends ClientHooks implements Client {
    /** The purpose of the seed that the order of examples follows from. */
    static final String SHUFFLE = "shuffle";

    private final ClientId id;
    private final Worker worker;
    private final LocalTraining configured;
    private LocalTraining training; // as the task's settings have it
    private Optional<KeptStates> keeping = Optional.empty(); // while it trains
    private Optional<LocalLoop> loop = Optional.empty(); // the last one
    private LossTensors tensors = LossTensors.none(); // what its loss reads in this training

    /** Makes a client that trains on the worker. */
    public SgdClient(ClientId id, Worker worker, LocalTraining training) {
        this.id = id;
        this.worker = worker;
        configured = training;
        this.training = training;
    }

    @Override
    public final ClientId id() {
        return id;
    }

    /**
     * Hook: returns one loss an example, shape (n), whose mean is minimised; by default {@link #loss}, or the task's
     * loss if there is none. What cannot be an expression is computed here, with autograd.
     *
     * @param predictions the network's output, shape (n, ...); outputs of named layers are {@link LocalModel#output}
     * @param batch what was predicted, and its labels
     */
    protected NDArray losses(NDArray predictions, LocalBatch batch) {
        LocalModel model = worker.model();
        return loss().map(own -> tensors.evaluate(own, model, predictions, batch.labels(), batch.positionIndices()))
                .orElseGet(() -> model.task().loss().perExample(predictions, batch.labels()));
    }

    /**
     * Hook: trains the local model, which holds the received parameters: by default by the mini-batch steps of {@link
     * #training}. Override it for another procedure. {@link #loop} gives it batches and steps with all hooks and
     * settings; a procedure without it has its hooks to call itself.
     */
    protected LocalResult optimize(TrainingTask task, LocalModel model, ParameterVector received) {
        return run(task, training, anchor(received), "").result();
    }

    @Override
    public final ModelUpdate train(TrainingTask task) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ParameterVector received = task.model().on(worker.device());
            worker.model().load(received);
            begin(task);
            LocalResult result = optimize(task, worker.model(), received);
            afterTraining(task, worker.model());
            return end(task, worker.model().parameters().minus(received, worker.updates()), result);
        } finally {
            keeping = Optional.empty();
        }
    }

    /** What comes before the steps of a training, when the received model is loaded. */
    void begin(TrainingTask task) {
        keeping = Optional.of(new KeptStates());
        prepare(task);
        worker.model().seed(task.seed("dropout before training"));
        beforeTraining(task, worker.model());
    }

    /** Finds out how many steps there are, which is all that comes before the steps of a client without hooks. */
    ClientExamples prepare(TrainingTask task) {
        ClientExamples examples = examples();
        training = configured.under(task.settings(), examples.count());
        return examples;
    }

    /** What comes after {@link #afterTraining}. */
    ModelUpdate end(TrainingTask task, ParameterVector delta, LocalResult result) {
        Payload payload = new Payload(Optional.of(delta), Map.of());
        Receipt receipt = result.receipt(task, examples().count());
        ModelUpdate upload = upload(task, new ModelUpdate(receipt, payload, Map.of()));
        return keeping.orElseThrow().addedTo(upload).keep(worker.updates());
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

    private LocalLoop run(TrainingTask task, LocalTraining how, NDArray anchor, String purpose) {
        LocalLoop run = loop(task, how, anchor, purpose);
        boolean hooks = Hooks.of(getClass()).afterBackward();
        Optional<Expression> term = hooks ? Optional.empty() : gradientTerm(); // hooks follow it
        StepRule rule = hooks ? StepRule.gradient() : how.stepRule(run.corrects(), term.isPresent());
        run.train(program(rule, term), hooks, this::gradient);
        return run;
    }

    /**
     * Begins a local training from where the local model is, for a client that computes gradients in its own way.
     *
     * @param how to train
     * @param anchor what a proximal term pulls to: float32, shape (trainableCount)
     * @param purpose tells the order of examples and the dropout of this training from the others'; empty for a round's
     *     usual one
     */
    protected final LocalLoop loop(TrainingTask task, LocalTraining how, NDArray anchor, String purpose) {
        loop.ifPresent(before -> before.requireEnded(id));
        LocalModel model = worker.model();
        model.seed(task.seed("dropout" + purpose));
        ClientExamples examples = examples();
        List<Expression> readers =
                Stream.concat(loss().stream(), gradientTerm().stream()).toList();
        tensors = readers.isEmpty() || examples.count() == 0
                ? LossTensors.none()
                : LossTensors.of(readers, lossTensors(task, model), examples.count());
        LocalLoop.Own own = new LocalLoop.Own(
                anchor, gradientCorrection(task), gradientTerm(), tensors, this::afterBackward, purpose);
        LocalLoop begun = new LocalLoop(task, model, examples, how, own);
        loop = Optional.of(begun);
        return begun;
    }

    /** Returns the program of this client, if it has a compiled one. */
    private Optional<TrainingProgram> program(StepRule rule, Optional<Expression> term) {
        return Hooks.of(getClass()).losses()
                ? Optional.empty()
                : worker.model().program(new TrainingProgram.Key(rule, loss(), term));
    }

    /** Computes a gradient through autograd, in training mode. */
    private LocalModel.Gradient gradient(LocalBatch batch) {
        return worker.model().gradient(batch.features(), predictions -> losses(predictions, batch));
    }

    /**
     * Returns the gradient of the mean loss of some of this client's examples at the local model, in training mode:
     * float32, shape (trainableCount). Running statistics and other buffers stay as they are.
     *
     * @param positions which of the client's examples, counted from 0, such as those of a {@linkplain
     *     LocalBatch#positions batch}
     */
    protected final NDArray gradient(int... positions) {
        int step = loop.map(LocalLoop::stepsTaken).orElse(0);
        LocalBatch batch =
                new LocalBatch(step, examples(), positions, worker.model().manager());
        return GradientAside.of(
                worker.model(), program(StepRule.gradient(), Optional.empty()), batch, tensors, this::gradient);
    }

    /**
     * Returns the gradient of the mean loss over all of this client's examples at the local model, in training mode:
     * float32, shape (trainableCount).
     */
    protected final NDArray fullGradient() {
        return gradient(IntStream.range(0, examples().count()).toArray());
    }

    /**
     * Checks that the model and the loss accept this client's examples.
     *
     * @throws IllegalArgumentException if they do not; the message names the layer or the measure, the rule and the
     *     value
     */
    public final void requireExamples() {
        examples();
        loss().ifPresent(own -> {
            Check.that(!own.isWide(), "loss of a client", "of one value an example, such as a sum or a mean", own);
            program(StepRule.gradient(), Optional.empty()); // finds the layers that it reads
        });
        gradientTerm().ifPresent(LossTensors::requireTerm);
    }

    /** Returns what this client trains on. */
    protected final ClientExamples examples() {
        ClientExamples examples = worker.data().examples(id, worker.device());
        worker.model().require("training data", examples.source(), lossToCheck());
        return examples;
    }

    /** A loss of the client's own may take other labels than the task's. */
    private Map<String, ExampleMeasure> lossToCheck() {
        boolean own = Hooks.of(getClass()).losses() || loss().isPresent();
        return own ? Map.of() : Map.of("loss", worker.model().task().loss());
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
        KeptStates.now(keeping, id, slot).put(slot, state);
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
