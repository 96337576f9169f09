package org.fl4j.model;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;
import org.fl4j.expression.Expression;
import org.fl4j.expression.Leaf;
import org.fl4j.expression.Summand;
import org.fl4j.tensor.internal.LayerWriter;

/** What a client adds to each gradient, as part of a program. */
final class GradientTerm implements Consumer<LayerWriter> {
    private static final String SIZE =
            "shape of a client's gradient term must be one value a parameter, {}, but had {} values";

    private final Expression term;
    private final List<Leaf> tensors;

    /**
     * Makes the part of a program.
     *
     * @param tensors what the program takes, in that order
     */
    GradientTerm(Expression term, List<Leaf> tensors) {
        this.term = LossTensors.requireTerm(term);
        this.tensors = List.copyOf(tensors);
    }

    /** Adds one part of the sum after another, which saves arrays of the model's size. */
    @Override
    public void accept(LayerWriter out) {
        IdentityHashMap<Expression, String> written = new IdentityHashMap<>();
        String parameters = "torch.numel(gradient)";
        List<String> counts = new ArrayList<>(List.of("1"));
        for (Summand part : term.summands()) {
            String factor = String.valueOf(part.factor()).replace('E', 'e');
            String value = part.expression().write(leaf -> leaf(leaf, out), line -> out.value("%s", line), written);
            if (part.expression().isNumber()) {
                out.effect("torch.add_(gradient, torch.mul(%s, %s))", value, factor);
            } else {
                String count = out.value("torch.numel(%s)", value);
                String other = "torch.mul(torch.sub(" + count + ", " + parameters + "), torch.sub(" + count + ", 1))";
                out.require("torch.eq(" + other + ", 0)", SIZE, parameters, count);
                out.effect("torch.add_(torch.unsqueeze(gradient, 0), %s, alpha=%s)", value, factor);
                counts.add(count);
            }
        }
        String most = "ops.prim.max([" + String.join(", ", counts) + "])";
        out.require("torch.eq(" + most + ", " + parameters + ")", SIZE, parameters, most);
    }

    private String leaf(Leaf leaf, LayerWriter out) {
        return switch (leaf.source()) {
            case PARAMETERS -> out.value("torch.unsqueeze(trainable, 0)");
            case RECEIVED -> out.value("torch.unsqueeze(received, 0)");
            default -> "tensors[" + tensors.indexOf(leaf) + "]";
        };
    }
}
