package org.fl4j.expression;

import java.util.ArrayList;
import java.util.List;

/**
 * A part of a sum.
 *
 * @param factor what it is multiplied by
 * @param expression what is multiplied
 */
public record Summand(double factor, Expression expression) {
    /** Takes sums, differences and multiples apart: {@code (a - b) * 2} is {@code 2 a} and {@code -2 b}. */
    static List<Summand> of(Expression sum) {
        List<Summand> parts = new ArrayList<>();
        collect(1, sum, parts);
        return parts;
    }

    private static void collect(double factor, Expression sum, List<Summand> parts) {
        if (sum.operation() == Operation.ADD || sum.operation() == Operation.SUBTRACT) {
            collect(factor, sum.operand(0), parts);
            collect(sum.operation() == Operation.ADD ? factor : -factor, sum.operand(1), parts);
        } else if (sum.operation() == Operation.NEGATE) {
            collect(-factor, sum.operand(0), parts);
        } else if (sum.operation() == Operation.MULTIPLY && sum.operand(1).isNumber()) {
            collect(factor * Double.parseDouble(sum.operand(1).leaf().name()), sum.operand(0), parts);
        } else {
            parts.add(new Summand(factor, sum));
        }
    }
}
