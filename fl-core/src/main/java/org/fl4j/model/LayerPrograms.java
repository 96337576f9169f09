package org.fl4j.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;

/**
 * Writes the forward pass of layers as TorchScript, and afterwards their backward pass, derived by hand. Parameters are
 * views of the flat vector {@code w}, taken in the order of the layout.
 */
final class LayerPrograms {
    private static final String EPSILON = "1.0000000000000001e-05";

    private final ProgramWriter out;
    private final GradientSink sink;
    private final Supplier<String> trainable; // the next parameter of the layout, as a view
    private final Supplier<String> buffers;
    private final Optional<LayerPrograms> frozen; // writes frozen layers; it is one itself if there is none
    private int dropouts;

    /** Writes the backward pass of something: from the name of its output's gradient to that of its input's. */
    @FunctionalInterface
    interface Backward {
        String write(String gradient);
    }

    /**
     * What is known after a forward pass was written.
     *
     * @param output the name of the output
     * @param backward writes the backward pass
     * @param hasParameters whether there is anything to train up to here
     */
    record Pass(String output, Backward backward, boolean hasParameters) {}

    LayerPrograms(ParameterLayout layout, ProgramWriter out, GradientSink sink) {
        this.out = out;
        this.sink = sink;
        trainable = views(entries(layout, ParameterRole.TRAINABLE));
        buffers = views(entries(layout, ParameterRole.FLOAT_BUFFER));
        frozen = Optional.of(new LayerPrograms(out));
    }

    /** Writes frozen layers, in inference mode; their parameters are given to the program as a list. */
    private LayerPrograms(ProgramWriter out) {
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

    /** Takes the next parameter of the layout. */
    private static String parameter(Supplier<String> parameters) {
        return parameters.get();
    }

    /** Writes layers in a row; {@code above} says whether something before them has parameters to train. */
    Pass sequence(List<Layer> layers, String input, boolean above) {
        List<Layer> order = poolBeforeRelu(layers);
        List<Pass> passes = new ArrayList<>();
        String value = input;
        boolean trained = above;
        for (Layer layer : order) {
            Pass pass = layer(layer, value, trained);
            passes.add(pass);
            value = pass.output();
            trained = pass.hasParameters();
        }
        Backward backward = gradient -> {
            String at = gradient;
            for (int i = passes.size() - 1; i >= 0; i--) {
                boolean needed = passes.get(i).hasParameters();
                if (needed) {
                    at = passes.get(i).backward().write(at);
                }
            }
            return at;
        };
        return new Pass(value, backward, trained);
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

    private Pass layer(Layer layer, String x, boolean above) {
        if (layer instanceof Layer.Dense) {
            return dense(x, above);
        } else if (layer instanceof Layer.Conv2d conv) {
            return convolution(conv, x, above);
        } else if (layer instanceof Layer.MaxPool2d pool) {
            return maxPool(pool, x, above);
        } else if (layer instanceof Layer.AveragePool2d pool) {
            return averagePool(pool, x, above);
        } else if (layer instanceof Layer.GlobalAveragePool2d) {
            return globalAveragePool(x, above);
        } else if (layer instanceof Layer.Relu) {
            String y = out.value("torch.relu(%s)", x);
            return new Pass(y, g -> out.value("torch.threshold_backward(%s, %s, 0)", g, y), above);
        } else if (layer instanceof Layer.Tanh) {
            String y = out.value("torch.tanh(%s)", x);
            return new Pass(y, g -> out.value("torch.tanh_backward(%s, %s)", g, y), above);
        } else if (layer instanceof Layer.Sigmoid) {
            String y = out.value("torch.sigmoid(%s)", x);
            return new Pass(y, g -> out.value("torch.sigmoid_backward(%s, %s)", g, y), above);
        } else if (layer instanceof Layer.Gelu) {
            String y = out.value("torch.gelu(%s)", x);
            return new Pass(y, g -> out.value("torch.gelu_backward(%s, %s)", g, x), above);
        } else if (layer instanceof Layer.Flatten) {
            String y = out.value("torch.flatten(%s, 1)", x);
            return new Pass(y, g -> out.value("torch.reshape(%s, torch.size(%s))", g, x), above);
        } else if (layer instanceof Layer.Dropout dropout) {
            return dropout.rate() == 0 || !sink.isOpen() ? new Pass(x, g -> g, above) : dropout(x, above);
        } else if (layer instanceof Layer.Frozen inner) {
            return frozen.orElse(this).layer(inner.layer(), x, above);
        } else if (layer instanceof Layer.BatchNorm) {
            return batchNorm(x, above);
        } else if (layer instanceof Layer.GroupNorm norm) {
            return groupNorm(norm, x, above);
        } else if (layer instanceof Layer.LayerNorm) {
            return layerNorm(x, above);
        } else if (layer instanceof Layer.Embedding embedding) {
            return embedding(embedding, x, above);
        } else if (layer instanceof Layer.Residual residual) {
            return residual(residual, x, above);
        }
        throw new IllegalStateException("no program for layer " + layer);
    }

    private Pass dense(String x, boolean above) {
        String weight = parameter(trainable);
        String bias = parameter(trainable);
        String y = out.value("torch.addmm(%s, %s, torch.t(%s))", bias, x, weight);
        return new Pass(
                y,
                g -> {
                    String below = above ? out.value("torch.mm(%s, %s)", g, weight) : g;
                    if (sink.isOpen()) {
                        sink.product(weight, g, x);
                        sink.add(bias, out.value("torch.sum(%s, [0])", g));
                    }
                    return below;
                },
                above || sink.isOpen());
    }

    private Pass convolution(Layer.Conv2d conv, String x, boolean above) {
        String weight = sink.channelsLast(parameter(trainable));
        String bias = conv.bias() ? parameter(trainable) : "None";
        String input = out.value("torch.contiguous(%s, memory_format=2)", x);
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%2$d, %2$d], [1, 1]", conv.stride(), conv.padding());
        String y = out.value("torch.conv2d(%s, %s, %s, %s, 1)", input, weight, bias, window);
        return new Pass(
                y,
                g -> {
                    String all = out.value(
                            "torch.convolution_backward(%s, %s, %s, [%d], %s, False, [0, 0], 1, [%s, %s, %s])",
                            g,
                            input,
                            weight,
                            conv.filters(),
                            window,
                            python(above),
                            python(sink.isOpen()),
                            python(conv.bias() && sink.isOpen()));
                    if (sink.isOpen()) {
                        sink.add(weight, out.value("(%s)[1]", all));
                    }
                    if (conv.bias() && sink.isOpen()) {
                        sink.add(bias, out.value("(%s)[2]", all));
                    }
                    return out.value("(%s)[0]", all);
                },
                above || sink.isOpen());
    }

    private static String python(boolean flag) {
        return flag ? "True" : "False";
    }

    private Pass maxPool(Layer.MaxPool2d pool, String x, boolean above) {
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%1$d, %1$d], [0, 0], [1, 1], False", pool.size());
        String both = out.value("torch.max_pool2d_with_indices(%s, %s)", x, window);
        String y = out.value("(%s)[0]", both);
        return new Pass(
                y,
                g -> out.value("torch.max_pool2d_with_indices_backward(%s, %s, %s, (%s)[1])", g, x, window, both),
                above);
    }

    private Pass averagePool(Layer.AveragePool2d pool, String x, boolean above) {
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%1$d, %1$d], [0, 0], False, True", pool.size());
        String y = out.value("torch.avg_pool2d(%s, %s, None)", x, window);
        return new Pass(y, g -> out.value("torch.avg_pool2d_backward(%s, %s, %s, None)", g, x, window), above);
    }

    private Pass globalAveragePool(String x, boolean above) {
        String y = out.value("torch.mean(%s, [2, 3])", x);
        return new Pass(
                y,
                g -> {
                    String area = out.value("torch.mul(torch.size(%1$s, 2), torch.size(%1$s, 3))", x);
                    String spread = out.value("torch.unsqueeze(torch.unsqueeze(%s, -1), -1)", g);
                    return out.value("torch.div(torch.expand(%s, torch.size(%s)), %s)", spread, x, area);
                },
                above);
    }

    private Pass dropout(String x, boolean above) {
        String mask = out.value("torch.narrow(masks[%d], 0, torch.sub(a, first), count)", dropouts++);
        String y = out.value("torch.mul(%s, %s)", x, mask);
        return new Pass(y, g -> out.value("torch.mul(%s, %s)", g, mask), above);
    }

    private Pass batchNorm(String x, boolean above) {
        String gamma = parameter(trainable);
        String beta = parameter(trainable);
        String mean = parameter(buffers);
        String variance = parameter(buffers);
        // one value for each channel has no variance: running statistics take its place, as in BatchNormBlock
        String several = sink.isOpen() ? out.value("torch.ne(torch.numel(%1$s), torch.size(%1$s, 1))", x) : "False";
        String all = out.value(
                "torch.native_batch_norm(%s, %s, %s, %s, %s, %s, 0.10000000000000001, %s)",
                x, gamma, beta, mean, variance, several, EPSILON);
        return new Pass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_batch_norm_backward(%s, %s, %s, %s, %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, x, gamma, mean, variance, all, all, several, EPSILON, wanted());
                    return affine(gamma, beta, back);
                },
                above || sink.isOpen());
    }

    /** Says of which of input, scale and shift a norm's backward pass computes gradients. */
    private String wanted() {
        return sink.isOpen() ? "[True, True, True]" : "[True, False, False]";
    }

    private Pass groupNorm(Layer.GroupNorm norm, String x, boolean above) {
        String gamma = parameter(trainable);
        String beta = parameter(trainable);
        String input = out.value("torch.contiguous(%s)", x);
        String sizes = String.format(
                Locale.ROOT,
                "torch.size(%1$s, 0), torch.size(%1$s, 1), torch.mul(torch.size(%1$s, 2), torch.size(%1$s, 3)), %2$d",
                input,
                norm.groups());
        String all = out.value("torch.native_group_norm(%s, %s, %s, %s, %s)", input, gamma, beta, sizes, EPSILON);
        return new Pass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_group_norm_backward(torch.contiguous(%s), %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, input, all, all, gamma, sizes, wanted());
                    return affine(gamma, beta, back);
                },
                above || sink.isOpen());
    }

    private Pass layerNorm(String x, boolean above) {
        String gamma = parameter(trainable);
        String beta = parameter(trainable);
        String input = out.value("torch.contiguous(%s)", x);
        String shape = out.value("torch.size(%s)", gamma);
        String all = out.value("torch.native_layer_norm(%s, %s, %s, %s, %s)", input, shape, gamma, beta, EPSILON);
        return new Pass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_layer_norm_backward(torch.contiguous(%s), %s, %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, input, shape, all, all, gamma, beta, wanted());
                    return affine(gamma, beta, back);
                },
                above || sink.isOpen());
    }

    private String affine(String gamma, String beta, String back) {
        if (sink.isOpen()) {
            sink.add(gamma, out.value("(%s)[1]", back));
            sink.add(beta, out.value("(%s)[2]", back));
        }
        return out.value("(%s)[0]", back);
    }

    private Pass embedding(Layer.Embedding embedding, String x, boolean above) {
        String table = parameter(trainable);
        String y = out.value("torch.embedding(%s, %s)", table, x);
        return new Pass(
                y,
                g -> {
                    if (!sink.isOpen()) {
                        return g;
                    }
                    sink.add(
                            table,
                            out.value(
                                    "torch.embedding_dense_backward(%s, %s, %d, -1, False)",
                                    g, x, embedding.vocabulary()));
                    return g;
                },
                above || sink.isOpen());
    }

    private Pass residual(Layer.Residual residual, String x, boolean above) {
        Pass body = sequence(residual.body(), x, above);
        Pass shortcut = sequence(residual.shortcut(), x, above);
        String y = out.value("torch.add(%s, %s)", body.output(), shortcut.output());
        return new Pass(
                y,
                g -> {
                    String left = body.backward().write(g);
                    String right = shortcut.backward().write(g);
                    return above ? out.value("torch.add(%s, %s)", left, right) : left;
                },
                body.hasParameters() || shortcut.hasParameters());
    }
}
