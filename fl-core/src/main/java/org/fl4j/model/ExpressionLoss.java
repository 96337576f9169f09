package org.fl4j.model;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.fl4j.expression.Expression;
import org.fl4j.expression.Leaf;
import org.fl4j.expression.Leaf.Source;
import org.fl4j.tensor.internal.LayerWriter;
import org.fl4j.tensor.internal.LossForm;

/** A loss of a client's own as part of a program, with its gradients at the predictions and at named outputs. */
final class ExpressionLoss implements LossForm {
    private static final String WIDTH =
            "shape of a client's loss must be ({}, 1), one value an example, but had {} values";

    private final Expression loss;
    private final List<Leaf> tensors;

    /**
     * Makes the part of a program.
     *
     * @param tensors what the program takes, in that order
     */
    ExpressionLoss(Expression loss, List<Leaf> tensors) {
        this.loss = loss;
        this.tensors = List.copyOf(tensors);
    }

    /** Returns what expressions need of a client. */
    static List<Leaf> tensors(Stream<Expression> expressions) {
        return expressions
                .flatMap(expression -> Stream.of(Source.PER_EXAMPLE, Source.TENSOR)
                        .flatMap(source -> expression.names(source).stream().map(name -> new Leaf(source, name))))
                .distinct()
                .toList();
    }

    @Override
    public String write(LayerWriter out, String output) {
        Map<Leaf, String> names = new HashMap<>();
        Function<Leaf, String> leaves = leaf -> names.computeIfAbsent(leaf, any -> leaf(leaf, out, output));
        IdentityHashMap<Expression, String> written = new IdentityHashMap<>();
        Function<Expression, String> write =
                expression -> expression.write(leaves, line -> out.value("%s", line), written);
        String values = write.apply(loss);
        out.require("torch.eq(torch.numel(" + values + "), count)", WIDTH, "count", "torch.numel(" + values + ")");
        out.effect("torch.copy_(seen, torch.reshape(%s, [-1]))", values);
        for (String layer : loss.names(Source.OUTPUT)) {
            out.addToGradientAt(layer, write.apply(loss.gradient(Expression.output(layer))));
        }
        return write.apply(loss.gradient(Expression.predictions()));
    }

    private String leaf(Leaf leaf, LayerWriter out, String output) {
        return switch (leaf.source()) {
            case PREDICTIONS -> output;
            case LABELS -> "labels";
            case TARGETS -> out.value("torch.reshape(labels, torch.size(%s))", output);
            case OUTPUT -> out.namedOutput(leaf.name());
            case SHARE -> out.value("torch.full_like(torch.narrow(%s, 1, 0, 1), torch.div(1., float(count)))", output);
            case PER_EXAMPLE ->
                out.value(
                        "torch.index_select(tensors[%d], 0, torch.narrow(positions, 0, a, count))",
                        tensors.indexOf(leaf));
            case TENSOR -> "tensors[" + tensors.indexOf(leaf) + "]";
            case PARAMETERS, RECEIVED ->
                throw new IllegalArgumentException("loss of a client must be one of outputs and labels, but reads "
                        + leaf + ", which are for gradientTerm");
            case NUMBER -> throw new IllegalStateException("numbers are written as they are, but there was " + leaf);
        };
    }
}
