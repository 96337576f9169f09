package org.fl4j.tensor.internal;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.fl4j.internal.Check;

/**
 * Writes the forward pass of layers as TorchScript, and afterwards their backward pass, derived by hand. Parameters are
 * views of the worker's flat vector, taken in the order of the layout. A layer of the model writes itself with this.
 */
public final class LayerWriter {
    private final ProgramWriter out;
    private final BatchForm form;
    private final GradientSink sink;
    private final Supplier<String> trainable; // the next parameter of the layout, as a view
    private final Supplier<String> buffers;
    private final Optional<LayerWriter> frozen; // writes frozen layers; it is one itself if there is none
    private final Map<String, String> outputs = new HashMap<>(); // of named layers, by the layer's name
    private final Map<String, String> outputGradients = new HashMap<>(); // what the loss adds to them
    private int dropouts;
    private boolean forCpu;

    LayerWriter(List<ParameterView> parameters, ProgramWriter out, BatchForm form, GradientSink sink) {
        this.out = out;
        this.form = form;
        this.sink = sink;
        trainable = views(parameters.stream().filter(ParameterView::trainable).iterator());
        buffers = views(parameters.stream().filter(view -> !view.trainable()).iterator());
        frozen = Optional.of(new LayerWriter(out));
    }

    /** Writes frozen layers, in inference mode; their parameters are given to the program as a list. */
    private LayerWriter(ProgramWriter out) {
        this.out = out;
        form = BatchForm.ONE;
        sink = new GradientSink.Closed(out);
        int[] next = {0};
        trainable = () -> "frozen[" + next[0]++ + "]";
        buffers = trainable;
        frozen = Optional.empty();
    }

    private Supplier<String> views(Iterator<ParameterView> parameters) {
        return () -> {
            ParameterView parameter = parameters.next();
            String name = form.view(out, "w", parameter);
            sink.declare(name, parameter);
            return name;
        };
    }

    /** Takes the layer's next trainable parameter, in the order in which its block has them; returns its name. */
    public String parameter() {
        return trainable.get();
    }

    /** Takes the layer's next float buffer, and returns its name. */
    public String buffer() {
        return buffers.get();
    }

    /** Writes a line that computes a value in every step, and returns the value's name; arguments as in a format. */
    public String value(String format, Object... arguments) {
        return out.value(format, arguments);
    }

    /** Writes a line that runs in every step for what it does; arguments as in a format. */
    public void effect(String format, Object... arguments) {
        out.effect(format, arguments);
    }

    /** Says that the program runs on the CPU, so that layers may use what only libtorch's CPU side has. */
    void forCpu() {
        forCpu = true;
        frozen.ifPresent(LayerWriter::forCpu);
    }

    boolean isForCpu() {
        return forCpu;
    }

    /** Writes a line as it is, such as the head of a loop; lines of its body begin with two more spaces. */
    void line(String format, Object... arguments) {
        out.step(format, arguments);
    }

    /** Returns a name that no other line uses. */
    String fresh(String stem) {
        return out.fresh(stem);
    }

    /**
     * Writes lines that end the program if a condition does not hold.
     *
     * @param message the text of the exception, with {} for each value
     * @param values expressions
     */
    public void require(String condition, String message, String... values) {
        out.step("if %s:", condition);
        out.step("  pass");
        out.step("else:");
        out.step("  ops.prim.RaiseException(torch.format(\"%s\", %s))", message, String.join(", ", values));
    }

    /** Gives the output of a layer a name that losses know it by. */
    public void nameOutput(String layer, String output) {
        outputs.put(layer, output);
    }

    /** Returns whether a layer's output has a name. */
    boolean namesOutputs() {
        return !outputs.isEmpty() || frozen.filter(LayerWriter::namesOutputs).isPresent();
    }

    /**
     * Returns the output of the layer of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public String namedOutput(String layer) {
        Check.oneOf("named layer that a loss reads", outputs.keySet(), layer);
        return outputs.get(layer);
    }

    /** Takes what a loss that reads the output of a named layer adds to the gradient at it. */
    public void addToGradientAt(String layer, String gradient) {
        outputGradients.put(layer, gradient);
    }

    /** Returns the gradient at the output of a named layer: what comes from behind it, and what the loss adds. */
    public String gradientAt(String layer, String behind) {
        String own = outputGradients.get(layer);
        return own == null ? behind : out.value("torch.add(%s, %s)", behind, own);
    }

    /** {@code x W^T + b} of each row; returns its name. */
    String affine(String x, String weight, String bias) {
        return form.affine(out, x, weight, bias);
    }

    /** {@code g W} of each row: the gradient of what {@link #affine} read. */
    String below(String gradient, String weight) {
        return form.below(out, gradient, weight);
    }

    /** The sum over the rows of each batch. */
    String sumOfRows(String x) {
        return form.sumOfRows(out, x);
    }

    /** Each example as a vector. */
    String flattened(String x) {
        return form.flattened(out, x);
    }

    /** Returns what takes the gradients of single examples; nothing if those of a batch are wanted. */
    Optional<ExampleSink> byExample() {
        return sink.byExample();
    }

    /** Returns whether gradients of parameters are needed: not those of a frozen layer, and not in evaluation. */
    public boolean trains() {
        return sink.isOpen();
    }

    /** Takes the gradient of a parameter, in a backward pass; its shape is the parameter's. */
    public void gradient(String parameter, String gradient) {
        sink.add(parameter, gradient);
    }

    /** Takes the gradient {@code left^T right} of a parameter, in a backward pass. */
    public void product(String parameter, String left, String right) {
        sink.product(parameter, left, right);
    }

    /** Returns the name under which convolutions read a weight, best in the order channels-last. */
    String channelsLast(String weight) {
        return sink.channelsLast(weight);
    }

    /** Returns the batch's part of the next dropout layer's mask. */
    String dropoutMask() {
        return out.value("torch.narrow(masks[%d], 0, torch.sub(a, first), count)", dropouts++);
    }

    /** Returns what writes layers whose parameters are frozen. */
    public LayerWriter frozen() {
        return frozen.orElse(this);
    }
}
