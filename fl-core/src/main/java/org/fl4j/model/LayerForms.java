package org.fl4j.model;

import java.util.Locale;
import java.util.Optional;

/** The compiled forms of the library's layers: forward passes, and backward passes that are derived by hand. */
final class LayerForms {
    private static final String EPSILON = "1.0000000000000001e-05";

    private LayerForms() {}

    static LayerPass relu(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.relu(%s)", x);
        return new LayerPass(y, g -> out.value("torch.threshold_backward(%s, %s, 0)", g, y), above);
    }

    static LayerPass tanh(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.tanh(%s)", x);
        return new LayerPass(y, g -> out.value("torch.tanh_backward(%s, %s)", g, y), above);
    }

    static LayerPass sigmoid(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.sigmoid(%s)", x);
        return new LayerPass(y, g -> out.value("torch.sigmoid_backward(%s, %s)", g, y), above);
    }

    static LayerPass gelu(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.gelu(%s)", x);
        return new LayerPass(y, g -> out.value("torch.gelu_backward(%s, %s)", g, x), above);
    }

    static LayerPass flatten(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.flatten(%s, 1)", x);
        return new LayerPass(y, g -> out.value("torch.reshape(%s, torch.size(%s))", g, x), above);
    }

    static LayerPass dense(LayerWriter out, String x, boolean above) {
        String weight = out.parameter();
        String bias = out.parameter();
        String y = out.value("torch.addmm(%s, %s, torch.t(%s))", bias, x, weight);
        return new LayerPass(
                y,
                g -> {
                    String below = above ? out.value("torch.mm(%s, %s)", g, weight) : g;
                    if (out.trains()) {
                        out.product(weight, g, x);
                        out.gradient(bias, out.value("torch.sum(%s, [0])", g));
                    }
                    return below;
                },
                above || out.trains());
    }

    static LayerPass convolution(LayerWriter out, Layer.Conv2d conv, String x, boolean above) {
        String weight = out.channelsLast(out.parameter());
        String bias = conv.bias() ? out.parameter() : "None";
        String input = out.value("torch.contiguous(%s, memory_format=2)", x);
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%2$d, %2$d], [1, 1]", conv.stride(), conv.padding());
        String y = out.value("torch.conv2d(%s, %s, %s, %s, 1)", input, weight, bias, window);
        return new LayerPass(
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
                            python(out.trains()),
                            python(conv.bias() && out.trains()));
                    if (out.trains()) {
                        out.gradient(weight, out.value("(%s)[1]", all));
                    }
                    if (conv.bias() && out.trains()) {
                        out.gradient(bias, out.value("(%s)[2]", all));
                    }
                    return out.value("(%s)[0]", all);
                },
                above || out.trains());
    }

    private static String python(boolean flag) {
        return flag ? "True" : "False";
    }

    static LayerPass maxPool(LayerWriter out, Layer.MaxPool2d pool, String x, boolean above) {
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%1$d, %1$d], [0, 0], [1, 1], False", pool.size());
        String both = out.value("torch.max_pool2d_with_indices(%s, %s)", x, window);
        String y = out.value("(%s)[0]", both);
        return new LayerPass(
                y,
                g -> out.value("torch.max_pool2d_with_indices_backward(%s, %s, %s, (%s)[1])", g, x, window, both),
                above);
    }

    static LayerPass averagePool(LayerWriter out, Layer.AveragePool2d pool, String x, boolean above) {
        String window = String.format(Locale.ROOT, "[%1$d, %1$d], [%1$d, %1$d], [0, 0], False, True", pool.size());
        String y = out.value("torch.avg_pool2d(%s, %s, None)", x, window);
        return new LayerPass(y, g -> out.value("torch.avg_pool2d_backward(%s, %s, %s, None)", g, x, window), above);
    }

    static LayerPass globalAveragePool(LayerWriter out, String x, boolean above) {
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

    static LayerPass dropout(LayerWriter out, Layer.Dropout dropout, String x, boolean above) {
        if (dropout.rate() == 0 || !out.trains()) {
            return new LayerPass(x, g -> g, above);
        }
        String mask = out.dropoutMask();
        String y = out.value("torch.mul(%s, %s)", x, mask);
        return new LayerPass(y, g -> out.value("torch.mul(%s, %s)", g, mask), above);
    }

    static LayerPass batchNorm(LayerWriter out, String x, boolean above) {
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
                            g, x, gamma, mean, variance, all, all, several, EPSILON, wanted(out));
                    return affine(out, gamma, beta, back);
                },
                above || out.trains());
    }

    /** Says of which of input, scale and shift a norm's backward pass computes gradients. */
    private static String wanted(LayerWriter out) {
        return out.trains() ? "[True, True, True]" : "[True, False, False]";
    }

    static LayerPass groupNorm(LayerWriter out, Layer.GroupNorm norm, String x, boolean above) {
        String gamma = out.parameter();
        String beta = out.parameter();
        String input = out.value("torch.contiguous(%s)", x);
        String sizes = String.format(
                Locale.ROOT,
                "torch.size(%1$s, 0), torch.size(%1$s, 1), torch.mul(torch.size(%1$s, 2), torch.size(%1$s, 3)), %2$d",
                input,
                norm.groups());
        String all = out.value("torch.native_group_norm(%s, %s, %s, %s, %s)", input, gamma, beta, sizes, EPSILON);
        return new LayerPass(
                out.value("(%s)[0]", all),
                g -> {
                    String back = out.value(
                            "torch.native_group_norm_backward(torch.contiguous(%s), %s, (%s)[1], (%s)[2], %s, %s, %s)",
                            g, input, all, all, gamma, sizes, wanted(out));
                    return affine(out, gamma, beta, back);
                },
                above || out.trains());
    }

    static LayerPass layerNorm(LayerWriter out, String x, boolean above) {
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
                            g, input, shape, all, all, gamma, beta, wanted(out));
                    return affine(out, gamma, beta, back);
                },
                above || out.trains());
    }

    private static String affine(LayerWriter out, String gamma, String beta, String back) {
        if (out.trains()) {
            out.gradient(gamma, out.value("(%s)[1]", back));
            out.gradient(beta, out.value("(%s)[2]", back));
        }
        return out.value("(%s)[0]", back);
    }

    static LayerPass embedding(LayerWriter out, Layer.Embedding embedding, String x, boolean above) {
        String table = out.parameter();
        String y = out.value("torch.embedding(%s, %s)", table, x);
        return new LayerPass(
                y,
                g -> {
                    if (!out.trains()) {
                        return g;
                    }
                    out.gradient(
                            table,
                            out.value(
                                    "torch.embedding_dense_backward(%s, %s, %d, -1, False)",
                                    g, x, embedding.vocabulary()));
                    return g;
                },
                above || out.trains());
    }

    static Optional<LayerPass> residual(LayerWriter out, Layer.Residual residual, String x, boolean above) {
        Optional<LayerPass> body = out.sequence(residual.body(), x, above);
        Optional<LayerPass> shortcut = out.sequence(residual.shortcut(), x, above);
        return body.isEmpty() || shortcut.isEmpty()
                ? Optional.empty()
                : Optional.of(sum(out, body.get(), shortcut.get(), above));
    }

    private static LayerPass sum(LayerWriter out, LayerPass body, LayerPass shortcut, boolean above) {
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
