package org.fl4j.tensor.internal;

/** The compiled form of self-attention, see {@link LayerForms}. */
public final class AttentionForms {
    private final LayerWriter out;
    private final Heads heads;
    private final String x;
    private final String weight;
    private final String bias;
    private final String outWeight;
    private final String outBias;
    private final String features;
    private final String positions;
    private final String scale; // of scores

    private AttentionForms(LayerWriter out, Heads heads, String x) {
        this.out = out;
        this.heads = heads;
        this.x = x;
        weight = out.parameter();
        bias = out.parameter();
        outWeight = out.parameter();
        outBias = out.parameter();
        features = out.value("torch.size(%s, 2)", x);
        positions = out.value("torch.size(%s, 1)", x);
        scale = out.value("torch.div(1., torch.sqrt(float(torch.floordiv(%s, %d))))", features, heads.count());
    }

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
        return new AttentionForms(out, heads, x).pass(above);
    }

    /**
     * What the way back needs.
     *
     * @param rows the input, (n * positions, features)
     * @param all queries, keys and values, (3, n, heads, positions, size)
     * @param queries as scores have them
     * @param keys as scores have them
     * @param values (n, heads, positions, size)
     * @param weights (n, heads, positions, positions)
     * @param context before the output's weight, (n * positions, features)
     */
    private record Known(
            String rows, String all, String queries, String keys, String values, String weights, String context) {}

    private LayerPass pass(boolean above) {
        String rows = out.value("torch.reshape(%s, [-1, %s])", x, features);
        String all = out.value(
                "torch.permute(torch.view(torch.addmm(%1$s, %2$s, torch.t(%3$s)), "
                        + "[torch.size(%4$s, 0), %5$s, 3, %6$d, torch.floordiv(%7$s, %6$d)]), [2, 0, 3, 1, 4])",
                bias, rows, weight, x, positions, heads.count(), features);
        Rotation rotation = heads.rotary() ? rotation() : null;
        String queries = rotated(rotation, "torch.select(" + all + ", 0, 0)");
        String keys = rotated(rotation, "torch.select(" + all + ", 0, 1)");
        String values = out.value("torch.contiguous(torch.select(%s, 0, 2))", all);
        String weights = out.value("torch.softmax(%s, -1)", scores(queries, keys));
        String context = out.value(
                "torch.reshape(torch.transpose(torch.matmul(%s, %s), 1, 2), [-1, %s])", weights, values, features);
        String y = SequenceForms.sequence(
                out, out.value("torch.addmm(%s, %s, torch.t(%s))", outBias, context, outWeight), x);
        Known known = new Known(rows, all, queries, keys, values, weights, context);
        return new LayerPass(y, g -> backward(g, known, rotation, above), above || out.trains());
    }

    private String scores(String queries, String keys) {
        String scores = out.value("torch.mul_(torch.matmul(%s, torch.transpose(%s, 2, 3)), %s)", queries, keys, scale);
        if (heads.causal()) {
            String later = out.value(
                    "torch.triu(torch.ones([%1$s, %1$s], dtype=11, device=ops.prim.device(%2$s)), 1)", positions, x);
            out.effect("torch.masked_fill_(%s, %s, float(\"-inf\"))", scores, later);
        }
        return scores;
    }

    private String backward(String g, Known known, Rotation rotation, boolean above) {
        String rows = out.value("torch.reshape(%s, [-1, %s])", g, features);
        String ofContext = out.value(
                "torch.transpose(torch.view(torch.mm(%s, %s), [torch.size(%s, 0), %s, %d, -1]), 1, 2)",
                rows, outWeight, x, positions, heads.count());
        String ofWeights = out.value("torch.matmul(%s, torch.transpose(%s, 2, 3))", ofContext, known.values());
        String ofScores = out.value(
                "torch.mul_(torch._softmax_backward_data(%s, %s, -1, 6), %s)", ofWeights, known.weights(), scale);
        String back = out.value("torch.empty(torch.size(%1$s), dtype=6, device=ops.prim.device(%1$s))", known.all());
        put(back, 0, rotatedBack(rotation, "torch.matmul(" + ofScores + ", " + known.keys() + ")"));
        put(
                back,
                1,
                rotatedBack(
                        rotation, "torch.matmul(torch.transpose(" + ofScores + ", 2, 3), " + known.queries() + ")"));
        put(back, 2, "torch.matmul(torch.transpose(" + known.weights() + ", 2, 3), " + ofContext + ")");
        String backRows =
                out.value("torch.reshape(torch.permute(%s, [1, 3, 0, 2, 4]), [-1, torch.mul(%s, 3)])", back, features);
        String below = above ? SequenceForms.sequence(out, out.value("torch.mm(%s, %s)", backRows, weight), x) : g;
        if (out.trains()) {
            out.product(outWeight, rows, known.context());
            out.gradient(outBias, out.value("torch.sum(%s, [0])", rows));
            out.product(weight, backRows, known.rows());
            out.gradient(bias, out.value("torch.sum(%s, [0])", backRows));
        }
        return below;
    }

    private void put(String all, int index, String value) {
        out.effect("torch.copy_(torch.select(%s, 0, %d), %s)", all, index, value);
    }

    /** Cosines and sines, (positions, pairs of a head's features). */
    private record Rotation(String cosine, String sine) {}

    private Rotation rotation() {
        String half = out.value("torch.floordiv(%s, %d)", features, 2 * heads.count());
        String pairs = out.value("torch.div(torch.arange(%1$s, dtype=7, device=torch.device(\"cpu\")), %1$s)", half);
        String angles = out.value(
                "torch.mul(torch.unsqueeze(torch.arange(%s, dtype=7, device=torch.device(\"cpu\")), 1), "
                        + "torch.pow(10000., torch.neg(%s)))",
                positions, pairs);
        String like = "torch.to(torch.%s(%s), trainable)";
        return new Rotation(out.value(like, "cos", angles), out.value(like, "sin", angles));
    }

    private String rotated(Rotation rotation, String heads) {
        return rotation == null ? out.value("torch.contiguous(%s)", heads) : turned(rotation, heads, "sub", "add");
    }

    /** The gradient of what was rotated: turned the other way. */
    private String rotatedBack(Rotation rotation, String gradient) {
        return rotation == null ? gradient : turned(rotation, gradient, "add", "sub");
    }

    private String turned(Rotation rotation, String heads, String first, String second) {
        String halves = out.value("torch.chunk(%s, 2, -1)", heads);
        return out.value(
                "torch.cat([torch.%4$s(torch.mul(%1$s[0], %2$s), torch.mul(%1$s[1], %3$s)), "
                        + "torch.%5$s(torch.mul(%1$s[1], %2$s), torch.mul(%1$s[0], %3$s))], -1)",
                halves, rotation.cosine(), rotation.sine(), first, second);
    }
}
