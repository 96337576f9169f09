package org.fl4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.GradientScope;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.RowIndices;
import org.fl4j.tensor.SharedFloats;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.TorchScriptModule;
import org.fl4j.tensor.internal.StepRule;

/**
 * One worker's parameters and what can be done with them: load, predict, differentiate, evaluate. For one thread at a
 * time.
 */
public final class LocalModel implements AutoCloseable {
    private static final int MOST_BLOCKS = 2; // sizes of blocks: the usual one, and that of the last block of a cohort

    private final FederatedModel model;
    private final NDManager manager;
    private final ParameterVector parameters;
    private final Map<String, NDArray> frozen; // by name; shared with all workers of the device
    private final Optional<TorchScriptModule> module;
    private final WorkerParameters store;
    private final RowIndices rows;
    private final SharedFloats shared;
    private final Map<BlockMemory.Kind, BlockMemory> blocks = new LinkedHashMap<>(); // used last comes last
    private final Map<String, NDArray> outputs = new LinkedHashMap<>(); // of named layers, in the last forward pass
    final Inference inference;
    private final DropoutDraws dropout = new DropoutDraws();
    private NDArray losses;

    /** Allocates the parameters, zeros, on the device. */
    public LocalModel(FederatedModel model, Device device) {
        this(
                model,
                device,
                manager -> ParameterVector.zeros(model.layout(), manager).keep(manager));
    }

    /** Makes another model of the same parameters, for predictions on another thread. Close it before the first. */
    static LocalModel twin(LocalModel first, FederatedModel model) {
        return new LocalModel(model, first.device(), ignored -> first.parameters);
    }

    private LocalModel(FederatedModel model, Device device, Function<NDManager, ParameterVector> made) {
        this.model = model;
        manager = TensorEngine.newManager(device);
        parameters = made.apply(manager);
        frozen = model.frozen(device);
        module = model.block() instanceof TorchScriptBlock block ? Optional.of(block.load(manager)) : Optional.empty();
        store = new WorkerParameters(this, model, frozen, module);
        inference = new Inference(this, model);
        rows = new RowIndices(manager);
        shared = new SharedFloats(manager);
        losses = manager.create(new Shape(0), DataType.FLOAT32);
        ParameterVector.keep(losses, manager);
    }

    /** Returns the local parameters, which local training changes in place. */
    public ParameterVector parameters() {
        return parameters;
    }

    /** Returns the values of frozen parameters, in the order of the network: not changed. */
    NDList frozen() {
        return new NDList(frozen.values());
    }

    /** Returns what is learned. */
    public LearningTask task() {
        return model.task();
    }

    /** Returns the device the parameters live on. */
    public Device device() {
        return manager.getDevice();
    }

    /** Returns the manager of the local parameters. */
    public NDManager manager() {
        return manager;
    }

    /** Copies a model's values into the local parameters. */
    public void load(ParameterVector values) {
        parameters.setInPlace(values);
    }

    /** Restarts in-graph randomness: dropout masks follow from this seed. */
    public void seed(Seed seed) {
        dropout.seed(seed);
    }

    /** Returns the network's output in evaluation mode: (n, ...) for features of (n, ...). */
    public NDArray predict(NDArray features) {
        return Predictions.of(this, features, model.evaluationRows(device()), outputs);
    }

    /**
     * Checks that the model, and each of some measures of its output, accept some examples. Cheap for examples that
     * were just checked.
     *
     * @param what how messages call the examples, such as {@code test data}
     * @param measures by name, such as the task's loss
     * @throws IllegalArgumentException if they do not; the message names the layer or the measure, the rule and the
     *     value
     */
    public void require(String what, Examples examples, Map<String, ExampleMeasure> measures) {
        model.exampleRules().require(this, what, examples, measures);
    }

    /**
     * Checks that a network of the user's own gives one answer to one batch in training mode. Layers of this library
     * do, because they draw from the client's seed; TorchScript files are looked at when they are read.
     */
    void requireRepeatable(Shape batch, DataType type) {
        if (model.task().architecture() instanceof Network || module.isPresent()) {
            return;
        }
        aside(() -> {
            try (ParameterVector drawn = model.initial(new Seed(0), manager)) {
                load(drawn);
            }
            NDArray input = Repeatable.input(manager, batch, type);
            if (!Repeatable.isSo(() -> {
                dropout.seed(new Seed(0));
                return forward(input, /* training= */ true);
            })) {
                throw new IllegalArgumentException(
                        "model must give one answer to one batch in training mode, but gave two:"
                                + " random operations of the engine, such as DJL's Dropout, are repeated by no seed;"
                                + " Layer.Dropout is");
            }
        });
    }

    /**
     * Returns what a model of other parameters makes of features, in evaluation mode: (n, ...) for (n, ...). The local
     * parameters stay as they are, also while a gradient is computed.
     *
     * @param others values of this model's layout, such as the received ones
     */
    public NDArray predict(ParameterVector others, NDArray features) {
        return inference.predict(others, features);
    }

    /**
     * Returns the output of a named layer, shape (n, ...), in the forward pass that ran last: that of {@link #predict},
     * or that of a gradient by autograd. Compiled programs keep none.
     *
     * @throws IllegalArgumentException if there was no such pass, or no layer of the network has the name, see
     *     {@link Layer#named}
     */
    public NDArray output(String layer) {
        Check.oneOf("name of a layer's output", outputs.keySet(), layer);
        return outputs.get(layer);
    }

    /** Forgets the outputs of named layers, which are not those of the parameters any more. */
    void forgetOutputs() {
        outputs.clear();
    }

    void keepOutput(String layer, NDArray output) {
        outputs.put(layer, output);
    }

    NDArray forward(NDArray features, boolean training) {
        return model.block().forward(store, new NDList(features), training).singletonOrThrow();
    }

    /**
     * The losses of a batch and the gradient of their mean.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param losses float32, shape (n)
     * @param gradient float32, shape (trainableCount)
     */
    public record Gradient(NDArray losses, NDArray gradient) {}

    /**
     * Differentiates the mean loss of a batch at the local parameters, in training mode: running statistics are updated
     * and units dropped out on the way. A batch of a single example passes in evaluation mode where the model cannot
     * train on one.
     *
     * @param features shape (n, ...)
     * @param loss from predictions to one loss an example, shape (n)
     */
    public Gradient gradient(NDArray features, UnaryOperator<NDArray> loss) {
        try (GradientScope scope = GradientScope.open()) {
            NDList leaves = store.freshLeaves();
            boolean training =
                    features.getShape().get(0) > 1 || model.singleRows().train(this, features);
            NDArray losses = loss.apply(store.withLeaves(() -> forward(features, training)));
            scope.backward(losses.mean());
            NDList gradients = new NDList(leaves.size());
            for (NDArray leaf : leaves) {
                NDArray gradient = leaf.getGradient();
                gradients.add(gradient == null ? leaf.zerosLike() : gradient);
            }
            return new Gradient(losses.stopGradient(), Kernels.flatten(manager, gradients));
        }
    }

    /**
     * Returns a float32 vector of at least that length with undefined values, the same one each time if it is long
     * enough.
     */
    public NDArray lossBuffer(int length) {
        if (losses.size() < length) {
            losses.close();
            losses = manager.create(new Shape(2L * length), DataType.FLOAT32);
            ParameterVector.keep(losses, manager);
        }
        return losses;
    }

    /** Returns memory that Java and native code share, for one use at a time; each use overwrites what is there. */
    public SharedFloats sharedFloats() {
        return shared;
    }

    /** Returns the sum of clipped gradients of single examples as a program, if there is one for this model. */
    public Optional<ClippedGradients> clippedGradients() {
        return model.clippedGradients();
    }

    /**
     * Returns a vector of these row indices on the device, valid until the next call; what is behind them is undefined.
     */
    public NDArray rowIndices(int[] indices) {
        return rows.fill(indices);
    }

    /**
     * Returns the compiled local training, if this model can be compiled.
     *
     * @param key what is compiled
     */
    public Optional<TrainingProgram> program(TrainingProgram.Key key) {
        return model.program(key, device());
    }

    /** Returns memory for blocks of a kind, the same each time as long as few kinds are in use. */
    BlockMemory blockMemory(BlockMemory.Kind kind) {
        BlockMemory known = blocks.remove(kind);
        if (known == null) {
            if (blocks.size() == MOST_BLOCKS) {
                blocks.remove(blocks.keySet().iterator().next()).close();
            }
            known = new BlockMemory(kind, parameters.layout().floatCount(), manager);
        }
        blocks.put(kind, known);
        return known;
    }

    /** Returns the compiled local training of a block of clients by a rule, if there is one for this model. */
    public Optional<BlockProgram> blockProgram(StepRule rule) {
        return model.blockProgram(rule);
    }

    /** Evaluates loss and metrics of the task; names are {@code split/loss}, {@code split/accuracy} and so on. */
    public Metrics evaluate(Examples examples, String split) {
        return Predictions.evaluate(this, examples, split, model.evaluationRows(device()));
    }

    static LocalModel of(ParameterStore store) {
        if (store instanceof WorkerParameters local) {
            return local.owner();
        }
        throw new IllegalArgumentException(
                "parameter store must be a LocalModel's, which has dropout masks and outputs of"
                        + " named layers, but was " + store.getClass().getName());
    }

    /** Returns this worker's own TorchScript module; there is one only if the network is a TorchScript file. */
    TorchScriptModule module() {
        return module.orElseThrow();
    }

    /** Returns whether the forward pass that runs now is to be differentiated. */
    boolean isDifferentiating() {
        return store.isDifferentiating();
    }

    /**
     * Calls with a generator of dropout masks of its own, and leaves that of the client, and all parameters, as they
     * are.
     */
    void aside(Runnable call) {
        try (ParameterVector before = parameters.copy()) {
            try {
                dropout.aside(call);
            } finally {
                parameters.setInPlace(before);
            }
        }
    }

    /** Returns the generator of dropout masks, made on first use. */
    RandomGenerator dropoutGenerator() {
        return dropout.generator();
    }

    /** Frees the parameters. */
    @Override
    public void close() {
        inference.close();
        manager.close();
    }
}
