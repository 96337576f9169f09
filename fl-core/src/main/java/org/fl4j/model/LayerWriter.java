package org.fl4j.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;

/**
 * Writes the forward pass of layers as TorchScript, and afterwards their backward pass, derived by hand. Parameters are
 * views of the worker's flat vector, taken in the order of the layout. See {@link Layer#write}.
 */
public final class LayerWriter {
    private final ProgramWriter out;
    private final GradientSink sink;
    private final Supplier<String> trainable; // the next parameter of the layout, as a view
    private final Supplier<String> buffers;
    private final Optional<LayerWriter> frozen; // writes frozen layers; it is one itself if there is none
    private int dropouts;

    LayerWriter(ParameterLayout layout, ProgramWriter out, GradientSink sink) {
        this.out = out;
        this.sink = sink;
        trainable = views(entries(layout, ParameterRole.TRAINABLE));
        buffers = views(entries(layout, ParameterRole.FLOAT_BUFFER));
        frozen = Optional.of(new LayerWriter(out));
    }

    /** Writes frozen layers, in inference mode; their parameters are given to the program as a list. */
    private LayerWriter(ProgramWriter out) {
        this.out = out;
        sink = new GradientSink.Closed(out);
        int[] next = {0};
        trainable = () -> "frozen[" + next[0]++ + "]";
        buffers = trainable;
        frozen = Optional.empty();
    }

    private static Iterator<ParameterLayout.Entry> entries(ParameterLayout layout, ParameterRole role) {
        return layout.parameters().stream()
                .filter(entry -> entry.role() == role)
                .iterator();
    }

    private Supplier<String> views(Iterator<ParameterLayout.Entry> entries) {
        return () -> {
            ParameterLayout.Entry entry = entries.next();
            String name = out.fresh("p");
            String shape = entry.shape().stream().map(String::valueOf).collect(Collectors.joining(", "));
            out.setup("%s = torch.view(torch.narrow(w, 0, %d, %d), [%s])", name, entry.offset(), entry.size(), shape);
            sink.declare(name, entry);
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

    /** Returns whether gradients of parameters are wanted: not those of a frozen layer. */
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
    LayerWriter frozen() {
        return frozen.orElse(this);
    }

    /**
     * Writes layers in a row.
     *
     * @param input the name of what the first one reads
     * @param above whether something before them has parameters to train
     * @return nothing if a layer has no compiled form
     */
    public Optional<LayerPass> sequence(List<Layer> layers, String input, boolean above) {
        List<LayerPass> passes = new ArrayList<>();
        String value = input;
        boolean trained = above;
        for (Layer layer : poolBeforeRelu(layers)) {
            Optional<LayerPass> pass = layer.write(this, value, trained);
            if (pass.isEmpty()) {
                return Optional.empty();
            }
            passes.add(pass.get());
            value = pass.get().output();
            trained = pass.get().hasParameters();
        }
        return Optional.of(new LayerPass(value, gradient -> backward(passes, gradient), trained));
    }

    private static String backward(List<LayerPass> passes, String gradient) {
        String at = gradient;
        for (int i = passes.size() - 1; i >= 0; i--) {
            if (passes.get(i).hasParameters()) {
                at = passes.get(i).backward().write(at);
            }
        }
        return at;
    }

    /** max-pool(relu(x)) = relu(max-pool(x)) with the same gradient, for a quarter of the work and less. */
    private static List<Layer> poolBeforeRelu(List<Layer> layers) {
        List<Layer> order = new ArrayList<>(layers);
        for (int i = 0; i + 1 < order.size(); i++) {
            if (order.get(i) instanceof Layer.Relu && order.get(i + 1) instanceof Layer.MaxPool2d) {
                order.add(i, order.remove(i + 1));
            }
        }
        return order;
    }
}
