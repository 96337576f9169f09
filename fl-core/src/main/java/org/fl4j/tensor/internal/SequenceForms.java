package org.fl4j.tensor.internal;

import java.util.Optional;
import java.util.function.Function;

/** The compiled forms of layers for sequences (n, positions, features), see {@link LayerForms}. */
public final class SequenceForms {
    private static final String EPSILON = "1.0000000000000001e-05";

    private SequenceForms() {}

    /**
     * Layers for each position: their input is (n * positions, features).
     *
     * @param layers writes them, from the name of their input
     */
    public static Optional<LayerPass> eachPosition(
            LayerWriter out, Function<String, Optional<LayerPass>> layers, String x, boolean above) {
        String rows = out.value("torch.flatten(%s, 0, 1)", x);
        return layers.apply(rows).map(pass -> {
            String y = sequence(out, pass.output(), x);
            return new LayerPass(
                    y,
                    g -> {
                        String back = pass.backward().write(out.value("torch.flatten(%s, 0, 1)", g));
                        return above ? sequence(out, back, x) : back;
                    },
                    pass.hasParameters());
        });
    }

    /** (n * positions, ...) to (n, positions, ...), as many as another has. */
    static String sequence(LayerWriter out, String rows, String x) {
        return out.value("torch.unflatten(%1$s, 0, [torch.size(%2$s, 0), torch.size(%2$s, 1)])", rows, x);
    }

    /** (n, positions, features) to (n, features). */
    public static LayerPass lastPosition(LayerWriter out, String x, boolean above) {
        String y = out.value("torch.select(%s, 1, -1)", x);
        return new LayerPass(
                y,
                g -> {
                    String back = out.value("torch.zeros_like(%s)", x);
                    out.effect("torch.copy_(torch.select(%s, 1, -1), %s)", back, g);
                    return back;
                },
                above);
    }

    /** Adds a parameter (positions, features) to each example. */
    public static LayerPass positionalEmbedding(LayerWriter out, String x, boolean above) {
        String table = out.parameter();
        String y = out.value("torch.add(%s, %s)", x, table);
        return new LayerPass(
                y,
                g -> {
                    if (out.trains()) {
                        out.gradient(table, out.value("torch.sum(%s, [0])", g));
                    }
                    return g;
                },
                above || out.trains());
    }

    /** Divides by the root of the mean square of the last dimension; the parameter is a scale (features). */
    public static LayerPass rmsNorm(LayerWriter out, String x, boolean above) {
        String scale = out.parameter();
        String inverse =
                out.value("torch.rsqrt(torch.add_(torch.mean(torch.mul(%1$s, %1$s), [-1], True), %2$s))", x, EPSILON);
        String normal = out.value("torch.mul(%s, %s)", x, inverse);
        String y = out.value("torch.mul(%s, %s)", normal, scale);
        return new LayerPass(
                y,
                g -> {
                    String scaled = out.value("torch.mul(%s, %s)", g, scale); // before the scale moves
                    if (out.trains()) {
                        String columns = out.value("torch.mul(%s, %s)", g, normal);
                        out.gradient(
                                scale,
                                out.value("torch.sum(torch.reshape(%1$s, [-1, torch.size(%1$s, -1)]), [0])", columns));
                    }
                    String along = out.value("torch.mean(torch.mul(%s, %s), [-1], True)", scaled, normal);
                    return out.value("torch.mul(torch.sub(%s, torch.mul(%s, %s)), %s)", scaled, normal, along, inverse);
                },
                above || out.trains());
    }

    /** (n, features) to the same; parameters are (2 hidden, features) and (features, hidden). */
    public static LayerPass swiGlu(LayerWriter out, int hidden, String x, boolean above) {
        String gates = out.parameter();
        String down = out.parameter();
        String both = out.value("torch.mm(%s, torch.t(%s))", x, gates);
        String gate = out.value("torch.narrow(%s, 1, 0, %d)", both, hidden);
        String up = out.value("torch.narrow(%1$s, 1, %2$d, %2$d)", both, hidden);
        String silu = out.value("torch.silu(%s)", gate);
        String inner = out.value("torch.mul(%s, %s)", silu, up);
        String y = out.value("torch.mm(%s, torch.t(%s))", inner, down);
        return new LayerPass(
                y,
                g -> {
                    String ofInner = out.value("torch.mm(%s, %s)", g, down);
                    String back = out.value("torch.empty_like(%s)", both);
                    out.effect(
                            "torch.copy_(torch.narrow(%s, 1, 0, %d), torch.silu_backward(torch.mul(%s, %s), %s))",
                            back, hidden, ofInner, up, gate);
                    out.effect(
                            "torch.mul(%1$s, %2$s, out=torch.narrow(%3$s, 1, %4$d, %4$d))",
                            ofInner, silu, back, hidden);
                    String below = above ? out.value("torch.mm(%s, %s)", back, gates) : g;
                    if (out.trains()) {
                        out.product(down, g, inner);
                        out.product(gates, back, x);
                    }
                    return below;
                },
                above || out.trains());
    }
}
