package org.fl4j.tensor.internal;

/** The compiled form of self-attention, see {@link LayerForms}. */
public final class AttentionForms {
    private AttentionForms() {}

    /**
     * How positions attend to one another.
     *
     * @param count of heads
     * @param causal whether no position attends to later ones
     * @param rotary whether queries and keys are rotated by their positions
     */
    public record Heads(int count, boolean causal, boolean rotary) {}

    /** (n, positions, features) to the same; parameters are weight and bias of the input, then of the output. */
    public static LayerPass selfAttention(LayerWriter out, Heads heads, String x, boolean above) {
        String weight = out.parameter();
        String bias = out.parameter();
        String outWeight = out.parameter();
        String outBias = out.parameter();
        String features = out.value("torch.size(%s, 2)", x);
        String positions = out.value("torch.size(%s, 1)", x);
        String rows = out.value("torch.reshape(%s, [-1, %s])", x, features);
        String split = out.value(
                "[torch.size(%s, 0), %s, 3, %d, torch.floordiv(%s, %d)]",
                x, positions, heads.count(), features, heads.count());
        String all = out.value(
                "torch.permute(torch.view(torch.addmm(%s, %s, torch.t(%s)), %s), [2, 0, 3, 1, 4])",
                bias, rows, weight, split);
        Rotation rotation = heads.rotary() ? Rotation.of(out, positions, features, heads.count()) : null;
        String queries = rotated(out, rotation, "torch.select(" + all + ", 0, 0)");
        String keys = rotated(out, rotation, "torch.select(" + all + ", 0, 1)");
        String values = out.value("torch.contiguous(torch.select(%s, 0, 2))", all);
        String scale = out.value("torch.div(1., torch.sqrt(float(torch.floordiv(%s, %d))))", features, heads.count());
        String scores = out.value("torch.mul_(torch.matmul(%s, torch.transpose(%s, 2, 3)), %s)", queries, keys, scale);
        if (heads.causal()) {
            String later = out.value(
                    "torch.triu(torch.ones([%1$s, %1$s], dtype=11, device=ops.prim.device(%2$s)), 1)", positions, x);
            out.effect("torch.masked_fill_(%s, %s, float(\"-inf\"))", scores, later);
        }
        String weights = out.value("torch.softmax(%s, -1)", scores);
        String context = out.value(
                "torch.reshape(torch.transpose(torch.matmul(%s, %s), 1, 2), [-1, %s])", weights, values, features);
        String y = SequenceForms.sequence(
                out, out.value("torch.addmm(%s, %s, torch.t(%s))", outBias, context, outWeight), x);
        return new LayerPass(
                y,
                g -> {
                    String gRows = out.value("torch.reshape(%s, [-1, %s])", g, features);
                    String ofContext = out.value(
                            "torch.transpose(torch.view(torch.mm(%s, %s), [torch.size(%s, 0), %s, %d, -1]), 1, 2)",
                            gRows, outWeight, x, positions, heads.count());
                    String ofWeights = out.value("torch.matmul(%s, torch.transpose(%s, 2, 3))", ofContext, values);
                    String ofScores = out.value(
                            "torch.mul_(torch._softmax_backward_data(%s, %s, -1, 6), %s)", ofWeights, weights, scale);
                    String back =
                            out.value("torch.empty(torch.size(%1$s), dtype=6, device=ops.prim.device(%1$s))", all);
                    put(out, back, 0, rotatedBack(out, rotation, "torch.matmul(" + ofScores + ", " + keys + ")"));
                    put(
                            out,
                            back,
                            1,
                            rotatedBack(
                                    out,
                                    rotation,
                                    "torch.matmul(torch.transpose(" + ofScores + ", 2, 3), " + queries + ")"));
                    put(out, back, 2, "torch.matmul(torch.transpose(" + weights + ", 2, 3), " + ofContext + ")");
                    String backRows = out.value(
                            "torch.reshape(torch.permute(%s, [1, 3, 0, 2, 4]), [-1, torch.mul(%s, 3)])",
                            back, features);
                    String below =
                            above ? SequenceForms.sequence(out, out.value("torch.mm(%s, %s)", backRows, weight), x) : g;
                    if (out.trains()) {
                        out.product(outWeight, gRows, context);
                        out.gradient(outBias, out.value("torch.sum(%s, [0])", gRows));
                        out.product(weight, backRows, rows);
                        out.gradient(bias, out.value("torch.sum(%s, [0])", backRows));
                    }
                    return below;
                },
                above || out.trains());
    }

    private static void put(LayerWriter out, String all, int index, String value) {
        out.effect("torch.copy_(torch.select(%s, 0, %d), %s)", all, index, value);
    }

    /** Cosines and sines by position and pair of features. */
    private record Rotation(String cosine, String sine) {
        static Rotation of(LayerWriter out, String positions, String features, int heads) {
            String half = out.value("torch.floordiv(%s, %d)", features, 2 * heads);
            String pairs =
                    out.value("torch.div(torch.arange(%1$s, dtype=7, device=torch.device(\"cpu\")), %1$s)", half);
            String angles = out.value(
                    "torch.mul(torch.unsqueeze(torch.arange(%s, dtype=7, device=torch.device(\"cpu\")), 1), "
                            + "torch.pow(10000., torch.neg(%s)))",
                    positions, pairs);
            String like = "torch.to(torch.%s(%s), trainable)";
            return new Rotation(out.value(like, "cos", angles), out.value(like, "sin", angles));
        }
    }

    private static String rotated(LayerWriter out, Rotation rotation, String x) {
        return rotation == null ? out.value("torch.contiguous(%s)", x) : turned(out, rotation, x, "sub", "add");
    }

    /** The gradient of what was rotated: turned the other way. */
    private static String rotatedBack(LayerWriter out, Rotation rotation, String g) {
        return rotation == null ? g : turned(out, rotation, out.value("%s", g), "add", "sub");
    }

    private static String turned(LayerWriter out, Rotation rotation, String x, String first, String second) {
        String halves = out.value("torch.chunk(%s, 2, -1)", x);
        return out.value(
                "torch.cat([torch.%4$s(torch.mul(%1$s[0], %2$s), torch.mul(%1$s[1], %3$s)), "
                        + "torch.%5$s(torch.mul(%1$s[1], %2$s), torch.mul(%1$s[0], %3$s))], -1)",
                halves, rotation.cosine(), rotation.sine(), first, second);
    }
}
