package org.fl4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.Pair;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;
import org.fl4j.tensor.internal.StepRule;

/**
 * A learning task made concrete for one run: the network, built once and shared by all workers, and the layout of its
 * parameters. The network reads its parameters through each worker's {@link LocalModel}, so that a worker costs one
 * parameter vector and no network. Thread-safe.
 */
public final class FederatedModel implements AutoCloseable {
    private final LearningTask task;
    private final Block block;
    private final Set<Parameter> pretrained = Collections.newSetFromMap(new IdentityHashMap<>());
    private final NDManager manager = TensorEngine.newManager(Device.cpu());
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final ParameterLayout layout;
    private final FixedParameters fixed;
    private final Map<ParameterLayout, FederatedModel> smaller = new ConcurrentHashMap<>();
    private final Map<TrainingProgram.Key, Optional<TrainingProgram>> cpuPrograms = new ConcurrentHashMap<>();
    private final Map<TrainingProgram.Key, Optional<TrainingProgram>> gpuPrograms = new ConcurrentHashMap<>();
    private final Map<Boolean, Optional<PredictionProgram>> predictionPrograms = new ConcurrentHashMap<>(); // by GPU
    private final Map<StepRule, Optional<BlockProgram>> blockPrograms = new ConcurrentHashMap<>();
    private Optional<Optional<ClippedGradients>> clipped = Optional.empty(); // once somebody asked
    private final ExampleRules exampleRules;
    private final SingleRows singleRows;

    /**
     * Builds the network and finds the shape of each parameter.
     *
     * @throws IllegalArgumentException if the network is a file that cannot be trained, or not reproducibly, if its
     *     layers do not fit the task's examples or one another, or if it has more parameters than one vector holds
     */
    public FederatedModel(LearningTask task) {
        this.task = task;
        try {
            exampleRules = new ExampleRules(task);
            singleRows = new SingleRows(task);
            EvaluationBatch.output(task); // looks at the layers, before they are made
            block = task.architecture().get();
            if (block instanceof TorchScriptBlock script) {
                script.rehearse(task.inputShape());
            }
            block.getParameters().values().stream()
                    .filter(Parameter::isInitialized)
                    .forEach(pretrained::add);
            if (!block.isInitialized()) {
                block.setInitializer(Initializer.ZEROS, parameter -> true);
                block.initialize(manager, DataType.FLOAT32, new Shape(1).addAll(task.inputShape()));
            }
            Map<String, NDArray> still = new LinkedHashMap<>();
            layout = layOut(still);
            fixed = new FixedParameters(still);
            requireOneVector();
            drawFrozen(still);
        } catch (RuntimeException e) {
            closeNetwork();
            throw e;
        }
    }

    /** Lists the parameters, and returns where those lie that travel; the others are added to a map. */
    private ParameterLayout layOut(Map<String, NDArray> still) {
        IdentityHashMap<Parameter, ParameterRole> roles = ParameterRoles.of(block);
        ParameterLayout.Builder builder = new ParameterLayout.Builder();
        for (Pair<String, Parameter> named : block.getParameters()) {
            String name = named.getKey();
            Parameter parameter = named.getValue();
            parameters.put(name, parameter);
            NDScope.unregister(parameter.getArray()); // the model outlives the scope that it is made in
            ParameterRole role = roles.get(parameter);
            if (role.travels()) {
                builder.add(name, parameter.getShape(), role);
            } else {
                still.put(name, parameter.getArray());
            }
        }
        return builder.build();
    }

    /** Draws frozen parameters whose values are not given, into the network's own arrays. */
    private void drawFrozen(Map<String, NDArray> still) {
        IdentityHashMap<Parameter, Long> seeds = ParameterRoles.frozenSeeds(block);
        Map<String, Long> fanIns = fanIns();
        still.forEach((name, value) -> {
            Parameter parameter = parameters.get(name);
            if (!pretrained.contains(parameter)) {
                Seed seed = new Seed(seeds.getOrDefault(parameter, 0L)).derive(name);
                try (NDArray drawn = draw(parameter, value.getShape(), fanIns.get(name), seed)) {
                    Kernels.copy(drawn, value);
                }
            }
        });
    }

    /** Vectors are hashed, written and sent as one buffer each, which has 2 GiB at most. */
    private void requireOneVector() {
        long most = Integer.MAX_VALUE / Float.BYTES;
        if (layout.floatCount() > most) {
            throw new IllegalArgumentException("parameters of a model must be at most " + most
                    + " float32 numbers (2 GiB), but were " + layout.floatCount());
        }
    }

    /** Returns what is learned. */
    public LearningTask task() {
        return task;
    }

    /** Returns where each parameter lies that travels. */
    public ParameterLayout layout() {
        return layout;
    }

    /**
     * Returns the model of a part of this one: the same layers with fewer units. There is one for each layout.
     *
     * @throws IllegalArgumentException if the architecture is no {@link Network}, or its layers do not fit the slice
     */
    public FederatedModel of(Slice slice) {
        ParameterLayout part = slice.of(layout);
        return part.equals(layout) ? this : smaller.computeIfAbsent(part, this::smaller);
    }

    private FederatedModel smaller(ParameterLayout part) {
        FederatedModel model = new FederatedModel(SlicedNetwork.of(task, part));
        Optional<String> fault = part.differenceFrom(model.layout)
                .or(() -> model.frozenSha256().equals(frozenSha256())
                        ? Optional.empty()
                        : Optional.of("frozen parameters have other shapes"));
        if (fault.isPresent()) {
            model.close();
            throw new IllegalArgumentException(
                    "slice must be a network of the same layers with fewer units, but: " + fault.get());
        }
        return model;
    }

    /**
     * Returns what never changes, frozen parameters and buffers of other types than float32 and int64, by name, in the
     * order of the network. There is one copy on each device.
     */
    public Map<String, NDArray> frozen(Device device) {
        return fixed.on(device);
    }

    /** Returns the SHA-256 of what never changes, in hexadecimal digits; nothing if all parameters travel. */
    public Optional<String> frozenSha256() {
        return fixed.sha256();
    }

    /** Returns how many bytes what never changes takes on a device. */
    public long frozenByteCount() {
        return fixed.byteCount();
    }

    /**
     * Returns the compiled local training of this model, or nothing if the model or its loss cannot be compiled and
     * must train on the eager path.
     *
     * @param key what is compiled
     * @param device where it runs
     * @throws IllegalArgumentException if a loss of a client's own reads a layer that the network has not, or a loss or
     *     a gradient term what it cannot read
     */
    public Optional<TrainingProgram> program(TrainingProgram.Key key, Device device) {
        Map<TrainingProgram.Key, Optional<TrainingProgram>> programs = device.isGpu() ? gpuPrograms : cpuPrograms;
        return programs.computeIfAbsent(key, what -> TrainingProgram.of(this, what, !device.isGpu()));
    }

    /** Returns the compiled forward pass in evaluation mode, or nothing if there is none and layers run one by one. */
    Optional<PredictionProgram> predictions(Device device) {
        return predictionPrograms.computeIfAbsent(device.isGpu(), onGpu -> PredictionProgram.of(this, !onGpu));
    }

    /** Returns the sum of clipped gradients of single examples as a program, or nothing if there is none. */
    public synchronized Optional<ClippedGradients> clippedGradients() {
        if (clipped.isEmpty()) {
            clipped = Optional.of(ClippedGradients.of(this));
        }
        return clipped.get();
    }

    /** Returns the compiled local training of a block of clients by a rule, or nothing if there is none. */
    public Optional<BlockProgram> blockProgram(StepRule rule) {
        return blockPrograms.computeIfAbsent(rule, key -> BlockProgram.of(this, key));
    }

    ExampleRules exampleRules() {
        return exampleRules;
    }

    SingleRows singleRows() {
        return singleRows;
    }

    /**
     * Returns about how many floats a forward pass of one example makes, all layers together; nothing if the network is
     * not made of layers.
     */
    public OptionalLong floatsOfExample() {
        return EvaluationBatch.output(task)
                .map(ExampleForm::total)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    /** Returns how many examples are evaluated at a time on a device. */
    public int evaluationRows(Device device) {
        return EvaluationBatch.rows(task, layout.floatCount(), !device.isGpu());
    }

    NDManager manager() {
        return manager;
    }

    Block block() {
        return block;
    }

    Parameter parameter(ParameterLayout.Entry entry) {
        return parameter(entry.name());
    }

    Parameter parameter(String name) {
        return parameters.get(name);
    }

    /** Returns the initial model, attached to the manager: drawn from the seed, or the pre-trained values. */
    public ParameterVector initial(Seed seed, NDManager target) {
        ParameterVector initial = ParameterVector.zeros(layout, target);
        Map<String, Long> fanIns = fanIns();
        for (ParameterLayout.Entry entry : layout.parameters()) {
            Parameter parameter = parameter(entry);
            try (NDArray place = initial.parameter(entry);
                    NDArray value = pretrained.contains(parameter)
                            ? parameter.getArray().duplicate()
                            : draw(parameter, entry.djlShape(), fanIns.get(entry.name()), seed.derive(entry.name()))) {
                Kernels.copy(value, place);
            }
        }
        return initial;
    }

    /** Returns how many inputs a unit has, of its layer's weight: also for what follows the weight, such as a bias. */
    private Map<String, Long> fanIns() {
        Map<String, Long> fanIns = new HashMap<>();
        long fanIn = 1;
        for (Map.Entry<String, Parameter> parameter : parameters.entrySet()) {
            Shape shape = parameter.getValue().getShape();
            if (shape.dimension() > 1) {
                fanIn = shape.size() / shape.get(0);
            }
            fanIns.put(parameter.getKey(), fanIn);
        }
        return fanIns;
    }

    private NDArray draw(Parameter parameter, Shape shape, long fanIn, Seed seed) {
        float[] values = new float[Math.toIntExact(shape.size())];
        switch (parameter.getType()) {
            case GAMMA, RUNNING_VAR -> Arrays.fill(values, 1);
            case BETA, RUNNING_MEAN -> {} // zeros
            default -> task.initializer().fill(values, shape, fanIn, seed.generator());
        }
        return Tensors.create(manager, values, shape);
    }

    /** Frees the network. */
    @Override
    public void close() {
        smaller.values().forEach(FederatedModel::close);
        fixed.close();
        closeNetwork();
    }

    private void closeNetwork() {
        if (block instanceof TorchScriptBlock script) {
            script.close();
        }
        manager.close();
    }
}
