package org.fl4j.expression;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/** Finds the gradient of the mean of an expression at a leaf: the chain rule, from the result to the leaves. */
final class Differentiation {
    private final Leaf at;
    private final List<Expression> nodes;
    private final IdentityHashMap<Expression, Boolean> depends = new IdentityHashMap<>(); // on the leaf
    private final IdentityHashMap<Expression, Expression> gradients = new IdentityHashMap<>();

    Differentiation(Expression result, Leaf at) {
        this.at = at;
        nodes = result.nodes();
        nodes.forEach(node -> depends.put(node, dependsOnLeaf(node)));
        gradients.put(result, Expression.share());
    }

    private boolean dependsOnLeaf(Expression node) {
        return at.equals(node.leaf())
                || (node.leaf() == null
                        && node.operation().isDifferentiable()
                        && node.operands().stream().anyMatch(depends::get));
    }

    /** Returns nothing if the result does not depend on the leaf. May be narrower than the leaf: see passOn. */
    Optional<Expression> gradient() {
        Optional<Expression> total = Optional.empty(); // the leaf may be several nodes
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Expression node = nodes.get(i);
            Expression gradient = gradients.get(node);
            if (gradient != null && depends.get(node)) { // there is none behind a constant
                if (at.equals(node.leaf())) {
                    total = Optional.of(total.map(sum -> sum.plus(gradient)).orElse(gradient));
                } else {
                    passOn(node, gradient);
                }
            }
        }
        return total;
    }

    /**
     * A gradient that is the same in each column stays a column as long as nothing sums over columns. Where a column
     * was repeated, its gradient is the sum over the columns.
     */
    private void passOn(Expression node, Expression gradient) {
        boolean mayRepeat = node.operation().isElementwise() && node.operands().size() == 2;
        boolean repeats = mayRepeat
                && node.operands().stream().anyMatch(operand -> depends.get(operand) && operand.isRepeatedIn(node));
        List<Expression> derivatives = node.operation().derivatives(node, repeats ? gradient.asWideAs(node) : gradient);
        for (int i = 0; i < derivatives.size(); i++) {
            Expression operand = node.operand(i);
            if (depends.get(operand)) {
                Expression part = derivatives.get(i);
                gradients.merge(
                        operand,
                        mayRepeat && operand.isRepeatedIn(node) ? part.fittedTo(operand) : part,
                        Expression::plus);
            }
        }
    }
}
