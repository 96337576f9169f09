package org.fl4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.Pair;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/**
 * A learning task made concrete for one run: the network, built once and shared by all workers, and the layout of its
 * parameters. The network reads its parameters through each worker's {@link LocalModel}, so that a worker costs one
 * parameter vector and no network. Thread-safe.
 */
public final class FederatedModel implements AutoCloseable {
    private final LearningTask task;
    private final Block block;
    private final boolean pretrained;
    private final NDManager manager = TensorEngine.newManager(Device.cpu());
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final ParameterLayout layout;
    private final Map<TrainingProgram.StepRule, Optional<TrainingProgram>> programs = new ConcurrentHashMap<>();
    private final ExampleRules exampleRules;
    private final SingleRows singleRows;
    private final int evaluationRows;

    /**
     * Builds the network and finds the shape of each parameter.
     *
     * @throws IllegalArgumentException if the network is a file that cannot be trained, or not reproducibly, if its layers do not fit the
     *     task's examples or one another, or if it has more parameters than one vector holds
     */
    public FederatedModel(LearningTask task) {
        this.task = task;
        exampleRules = new ExampleRules(task);
        singleRows = new SingleRows(task);
        evaluationRows = EvaluationBatch.rows(task); // and so looks at the layers, before they are made
        block = task.architecture().get();
        if (block instanceof TorchScriptBlock script) {
            rehearse(script);
        }
        pretrained = block.isInitialized();
        if (!pretrained) {
            block.setInitializer(Initializer.ZEROS, parameter -> true);
            block.initialize(manager, DataType.FLOAT32, new Shape(1).addAll(task.inputShape()));
        }
        ParameterLayout.Builder builder = new ParameterLayout.Builder();
        for (Pair<String, Parameter> named : block.getParameters()) {
            parameters.put(named.getKey(), named.getValue());
            builder.add(named.getKey(), named.getValue().getShape(), role(named.getKey(), named.getValue()));
        }
        layout = builder.build();
        requireOneVector();
    }

    /** Vectors are hashed, written and sent as one buffer each, which has 2 GiB at most. */
    private void requireOneVector() {
        long most = Integer.MAX_VALUE / Float.BYTES;
        if (layout.floatCount() > most) {
            close();
            throw new IllegalArgumentException("parameters of a model must be at most " + most
                    + " float32 numbers (2 GiB), but were " + layout.floatCount());
        }
    }

    private void rehearse(TorchScriptBlock script) {
        try {
            script.rehearse(task.inputShape());
        } catch (IllegalArgumentException e) {
            close();
            throw e;
        }
    }

    private static ParameterRole role(String name, Parameter parameter) {
        DataType type = parameter.getArray().getDataType();
        Check.that(
                type == DataType.FLOAT32 || type == DataType.INT64,
                "type of parameter " + name,
                "float32 or int64",
                type);
        if (type == DataType.INT64) {
            return ParameterRole.INTEGER_BUFFER;
        }
        return parameter.requiresGradient() ? ParameterRole.TRAINABLE : ParameterRole.FLOAT_BUFFER;
    }

    /** Returns what is learned. */
    public LearningTask task() {
        return task;
    }

    /** Returns where each parameter lies. */
    public ParameterLayout layout() {
        return layout;
    }

    /**
     * Returns the compiled local training of this model by a rule, or nothing if the model or its loss cannot be compiled
     * and must train on the eager path.
     */
    public Optional<TrainingProgram> program(TrainingProgram.StepRule rule) {
        return programs.computeIfAbsent(rule, key -> TrainingProgram.of(this, key));
    }

    ExampleRules exampleRules() {
        return exampleRules;
    }

    SingleRows singleRows() {
        return singleRows;
    }

    /** Returns how many examples are evaluated at a time. */
    int evaluationRows() {
        return evaluationRows;
    }

    NDManager manager() {
        return manager;
    }

    Block block() {
        return block;
    }

    Parameter parameter(ParameterLayout.Entry entry) {
        return parameters.get(entry.name());
    }

    /** Returns the initial model, attached to the manager: drawn from the seed, or the pre-trained values. */
    public ParameterVector initial(Seed seed, NDManager target) {
        ParameterVector initial = ParameterVector.zeros(layout, target);
        long fanIn = 1;
        for (ParameterLayout.Entry entry : layout.parameters()) {
            Parameter parameter = parameter(entry);
            if (entry.shape().size() > 1) {
                fanIn = entry.size() / entry.shape().get(0);
            }
            try (NDArray place = initial.parameter(entry);
                    NDArray value = pretrained
                            ? parameter.getArray().duplicate()
                            : draw(parameter, entry, fanIn, seed.derive(entry.name()))) {
                Kernels.copy(value, place);
            }
        }
        return initial;
    }

    private NDArray draw(Parameter parameter, ParameterLayout.Entry entry, long fanIn, Seed seed) {
        float[] values = new float[Math.toIntExact(entry.size())];
        switch (parameter.getType()) {
            case GAMMA, RUNNING_VAR -> Arrays.fill(values, 1);
            case BETA, RUNNING_MEAN -> {} // zeros
            default -> task.initializer().fill(values, entry.djlShape(), fanIn, seed.generator());
        }
        return Tensors.create(manager, values, entry.djlShape());
    }

    /** Frees the network. */
    @Override
    public void close() {
        if (block instanceof TorchScriptBlock script) {
            script.close();
        }
        manager.close();
    }
}
