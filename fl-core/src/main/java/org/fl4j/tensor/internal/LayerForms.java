package org.fl4j.tensor.internal;

import java.util.Locale;
import java.util.Optional;

/**
 * The compiled forms of the library's layers: forward passes, and backward passes that are derived by hand. Each writes
 * its forward pass at once. {@code x} is the name of the layer's input; {@code above} says whether something before the
 * layer has parameters to train.
 */
public final class LayerForms {
    private static final String EPSILON = "1.0000000000000001e-05";

    private LayerForms() {}

    /**
     * What a convolution with square windows does beside its parameters.
     *
     * @param count how many filters it has
     * @param stride of the windows
     * @param padding with zeros, on each side
     * @param bias whether a bias is added
     */
    public record Filters(int count, int stride, int padding, boolean bias) {}

    /** Rectified linear unit. */
    public static LayerPass relu(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.relu(%s)", x);
        return new LayerPass(y, g -> out.value("torch.threshold_backward(%s, %s, 0)", g, y), above);
    }

    /** Hyperbolic tangent. */
    public static LayerPass tanh(LayerWriter out, String x, boolean above) {
        return byOutput(out, "tanh", x, above);
    }

    /** Logistic function. */
    public static LayerPass sigmoid(LayerWriter out, String x, boolean above) {
        return byOutput(out, "sigmoid", x, above);
    }

    /** A function whose derivative is known from its output. */
    private static LayerPass byOutput(LayerWriter out, String function, String x, boolean above) {
        String y = out.value("torch.%s(%s)", function, x);
        return new LayerPass(y, g -> out.value("torch.%s_backward(%s, %s)", function, g, y), above);
    }

    /** Gaussian error linear unit, by the error function. */
    public static LayerPass gelu(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.gelu(%s)", x);
        return new LayerPass(y, g -> out.value("torch.gelu_backward(%s, %s)", g, x), above);
    }

    /** (n, ...) to (n, elements). */
    public static LayerPass flatten(LayerWriter out, String x, boolean above) {
        String y = out.flattened(x);
        return new LayerPass(y, g -> out.value("torch.reshape(%s, torch.size(%s))", g, x), above);
    }

    /** (n, inputs) to (n, outputs); parameters are weight (outputs, inputs) and bias (outputs). */
    public static LayerPass dense(LayerWriter out, String x, boolean above) {
        String weight = out.parameter();
        String bias = out.parameter();
        String y = out.affine(x, weight, bias);
        return new LayerPass(
                y,
                g -> {
                    String below = above ? out.below(g, weight) : g;
                    if (out.byExample().isPresent()) {
                        out.byExample().get().dense(weight, bias, g, x);
                    } else if (out.trains()) {
                        out.product(weight, g, x);
                        out.gradient(bias, out.sumOfRows(g));
                    }
                    return below;
                },
                above || out.trains());
    }

    /**
     * (n, channels, height, width) to (n, filters, height, width); parameters are weight and, if there is one, bias.
     */
    public static LayerPass convolution(LayerWriter out, Filters filters, String x, boolean above) {
        String weight = out.channelsLast(out.parameter());
        String bias = filters.bias() ? out.parameter() : "None";
        String input = channelsLast(out, x);
        String window =
                String.format(Locale.ROOT, "[%1$d, %1$d], [%2$d, %2$d], [1, 1]", filters.stride(), filters.padding());
        String y = out.value("torch.conv2d(%s, %s, %s, %s, 1)", input, weight, bias, window);
        return new LayerPass(
                y,
                g -> {
                    Optional<ExampleSink> byExample = out.byExample();
                    boolean ofBatch = out.trains() && byExample.isEmpty();
                    byExample.ifPresent(sink -> sink.convolution(
                            weight,
                            filters.bias() ? Optional.of(bias) : Optional.empty(),
                            new ExampleSink.Windows(filters, window, input),
                            g));
                    if (!above && !ofBatch) {
                        return g;
                    }
                    String all = out.value(
                            "torch.convolution_backward(%s, %s, %s, [%d], %s, False, [0, 0], 1, [%s, %s, %s])",
                            g,
                            input,
                            weight,
                            filters.count(),
                            window,
                            python(above),
                            python(ofBatch),
                            python(filters.bias() && ofBatch));
                    if (ofBatch) {
                        out.gradient(weight, out.value("(%s)[1]", all));
                    }
                    if (filters.bias() && ofBatch) {
                        out.gradient(bias, out.value("(%s)[2]", all));
                    }
                    return out.value("(%s)[0]", all);
                },
                above || out.trains());
    }

    /**
     * Images in the order channels-last, in which convolutions and maxima are fastest. The strides are set explicitly:
     * those of images with one channel fit both orders, and libtorch would then choose the slow one.
     */
    private static String channelsLast(LayerWriter out, String x) {
        String input = out.value("torch.contiguous(%s, memory_format=2)", x);
        String row = out.value("torch.mul(torch.size(%1$s, 1), torch.size(%1$s, 3))", input);
        return out.value(
                "torch.as_strided(%1$s, torch.size(%1$s), "
                        + "[torch.mul(%2$s, torch.size(%1$s, 2)), 1, %2$s, torch.size(%1$s, 1)])",
                input, row);
    }

    private static String python(boolean flag) {
        return flag ? "True" : "False";
    }

    /** The maximum over square windows that do not overlap. */
    public static LayerPass maxPool(LayerWriter out, int size, String x, boolean above) {
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%1$d, %1$d], [0, 0], [1, 1], False", size);
        String both = out.value("torch.max_pool2d_with_indices(%s, %s)", x, window);
        String y = out.value("(%s)[0]", both);
        return new LayerPass(
                y,
                g -> out.value("torch.max_pool2d_with_indices_backward(%s, %s, %s, (%s)[1])", g, x, window, both),
                above);
    }

    /** The mean over square windows that do not overlap. */
    public static LayerPass averagePool(LayerWriter out, int size, String x, boolean above) {
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%1$d, %1$d], [0, 0], False, True", size);
        String y = out.value("torch.avg_pool2d(%s, %s, None)", x, window);
        return new LayerPass(y, g -> out.value("torch.avg_pool2d_backward(%s, %s, %s, None)", g, x, window), above);
    }

    /** (n, channels, height, width) to (n, channels): the mean over all positions. */
    public static LayerPass globalAveragePool(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.mean(%s, [2, 3])", x);
        return new LayerPass(
                y,
                g -> {
                    String area = out.value("torch.mul(torch.size(%1$s, 2), torch.size(%1$s, 3))", x);
                    String spread = out.value("torch.unsqueeze(torch.unsqueeze(%s, -1), -1)", g);
                    return out.value("torch.div(torch.expand(%s, torch.size(%s)), %s)", spread, x, area);
                },
                above);
    }

    /** Multiplies by a mask that the program's caller draws: zeros, and the inverse of the share that is kept. */
    public static LayerPass dropout(LayerWriter out, String x, boolean above) {
        if (!out.trains()) {
            return new LayerPass(x, g -> g, above);
        }
        String mask = out.dropoutMask();
        String y = out.value("torch.mul(%s, %s)", x, mask);
        return new LayerPass(y, g -> out.value("torch.mul(%s, %s)", g, mask), above);
    }

    /**
     * Normalises each channel over the batch; parameters are scale and shift, buffers the running mean and variance.
     */
    public static LayerPass batchNorm(LayerWriter out, String x, boolean above) {
        String gamma = out.parameter();
        String beta = out.parameter();
        String mean = out.buffer();
        String variance = out.buffer();
        // one value for each channel has no variance: running statistics take its place, as in BatchNormBlock
        String several = out.trains() ? out.value("torch.ne(torch.numel(%1$s), torch.size(%1$s, 1))", x) : "False";
        String all = out.value(
                "torch.native_batch_norm(%s, %s, %s, %s, %s, %s, 0.10000000000000001, %s)",
                x, gamma, beta, mean, variance, several, EPSILON);
        return new LayerPass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_batch_norm_backward(%s, %s, %s, %s, %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, x, gamma, mean, variance, all, all, several, EPSILON, needed(out));
                    return affine(out, gamma, beta, back);
                },
                above || out.trains());
    }

    /** Says of which of input, scale and shift a norm's backward pass computes gradients. */
    private static String needed(LayerWriter out) {
        return out.trains() ? "[True, True, True]" : "[True, False, False]";
    }

    /** Normalises groups of channels; parameters are scale and shift, of shape (channels). */
    public static LayerPass groupNorm(LayerWriter out, int groups, String x, boolean above) {
        String gamma = out.parameter();
        String beta = out.parameter();
        String input = out.value("torch.contiguous(%s)", x);
        String sizes = String.format(
                Locale.ROOT,
                "torch.size(%1$s, 0), torch.size(%1$s, 1), torch.mul(torch.size(%1$s, 2), torch.size(%1$s, 3)), %2$d",
                input,
                groups);
        String all = out.value("torch.native_group_norm(%s, %s, %s, %s, %s)", input, gamma, beta, sizes, EPSILON);
        return new LayerPass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_group_norm_backward(torch.contiguous(%s), %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, input, all, all, gamma, sizes, needed(out));
                    out.byExample().ifPresent(sink -> {
                        String grouped =
                                out.value("torch.reshape(%s, [torch.size(%s, 0), %d, -1])", input, input, groups);
                        String normal = out.value(
                                "torch.reshape(torch.mul(torch.sub(%s, torch.unsqueeze((%s)[1], 2)), "
                                        + "torch.unsqueeze((%s)[2], 2)), torch.size(%s))",
                                grouped, all, all, input);
                        sink.each(gamma, out.value("torch.sum(torch.mul(%s, %s), [2, 3])", g, normal));
                        sink.each(beta, out.value("torch.sum(%s, [2, 3])", g));
                    });
                    return affine(out, gamma, beta, back);
                },
                above || out.trains());
    }

    /** Normalises over the last dimensions; parameters are scale and shift, of those dimensions' shape. */
    public static LayerPass layerNorm(LayerWriter out, String x, boolean above) {
        String gamma = out.parameter();
        String beta = out.parameter();
        String input = out.value("torch.contiguous(%s)", x);
        String shape = out.value("torch.size(%s)", gamma);
        String all = out.value("torch.native_layer_norm(%s, %s, %s, %s, %s)", input, shape, gamma, beta, EPSILON);
        return new LayerPass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_layer_norm_backward("
                                    + "torch.contiguous(%s), %s, %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, input, shape, all, all, gamma, beta, needed(out));
                    out.byExample().ifPresent(sink -> {
                        String normal = out.value("torch.mul(torch.sub(%s, (%s)[1]), (%s)[2])", input, all, all);
                        sink.each(gamma, out.value("torch.mul(%s, %s)", g, normal));
                        sink.each(beta, g);
                    });
                    return affine(out, gamma, beta, back);
                },
                above || out.trains());
    }

    private static String affine(LayerWriter out, String gamma, String beta, String back) {
        if (out.trains() && out.byExample().isEmpty()) {
            out.gradient(gamma, out.value("(%s)[1]", back));
            out.gradient(beta, out.value("(%s)[2]", back));
        }
        return out.value("(%s)[0]", back);
    }

    /** A row of a table for each token; the parameter is the table (vocabulary, size). */
    public static LayerPass embedding(LayerWriter out, int vocabulary, String x, boolean above) {
        String table = out.parameter();
        String y = out.value("torch.embedding(%s, %s)", table, x);
        return new LayerPass(
                y,
                g -> {
                    if (!out.trains()) {
                        return g;
                    }
                    if (out.byExample().isPresent()) {
                        out.byExample().get().embedding(table, vocabulary, g, x);
                        return g;
                    }
                    out.gradient(
                            table,
                            out.value("torch.embedding_dense_backward(%s, %s, %d, -1, False)", g, x, vocabulary));
                    return g;
                },
                above || out.trains());
    }

    /** The sum of two paths that read the same input. */
    public static LayerPass sum(LayerWriter out, LayerPass body, LayerPass shortcut, boolean above) {
        String y = out.value("torch.add(%s, %s)", body.output(), shortcut.output());
        return new LayerPass(
                y,
                g -> {
                    String left = body.backward().write(g);
                    String right = shortcut.backward().write(g);
                    return above ? out.value("torch.add(%s, %s)", left, right) : left;
                },
                body.hasParameters() || shortcut.hasParameters());
    }
}
