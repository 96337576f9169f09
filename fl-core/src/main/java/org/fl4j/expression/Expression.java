package org.fl4j.expression;

import java.util.List;
import org.fl4j.internal.Check;

/**
 * A loss as a value: a computation on tensors with one row an example, which FL4J differentiates and makes part of the
 * compiled local training, see {@link org.fl4j.client.SgdClient#loss}. Cross-entropy with labels smoothed by .1 is
 *
 * <pre>{@code
 * Expression logs = Expression.predictions().logSoftmax();
 * Expression loss = logs.at(Expression.labels()).times(.9).plus(logs.mean().times(.1)).negated();
 * }</pre>
 *
 * <p>All tensors are float32 of shape (n, k) or (n, 1), n the examples of a batch, or (k) and (1, k), the same for all
 * of them; as in NumPy, rows and columns are repeated where shapes differ. Two expressions that are made in the same
 * way are equal.
 */
public final class Expression extends Node {
    private Expression(Operation operation, List<Expression> operands, Leaf leaf, Width width, Leaf origin) {
        super(operation, operands, leaf, width, origin);
    }

    private static Expression leaf(Leaf.Source source, String name, Width width) {
        Leaf leaf = new Leaf(source, name);
        return new Expression(null, List.of(), leaf, width, leaf);
    }

    private static Expression number(double value) {
        Check.that(Double.isFinite(value), "number in an expression", "finite", value);
        return leaf(Leaf.Source.NUMBER, Double.toString(value), Width.NUMBER);
    }

    private static Expression of(Operation operation, Width width, Expression... operands) {
        requireNumbers(operation, operands[0]);
        Leaf origin = operands[0].width() == Width.WIDE ? operands[0].origin() : operands[operands.length - 1].origin();
        return new Expression(operation, List.of(operands), null, width, origin);
    }

    private static void requireNumbers(Operation operation, Expression operand) {
        Check.that(
                operand.leaf() == null || operand.leaf().source() != Leaf.Source.LABELS,
                "operand of " + operation,
                "of float32 numbers: labels() are classes, for at and oneHot; targets() are numbers",
                operand);
    }

    /** Returns the network's output for each example, shape (n, outputs). */
    public static Expression predictions() {
        return leaf(Leaf.Source.PREDICTIONS, "", Width.WIDE);
    }

    /** Returns the labels that are classes, int64 of shape (n): for {@link #at} and {@link #oneHot}. */
    public static Expression labels() {
        return leaf(Leaf.Source.LABELS, "", Width.UNKNOWN);
    }

    /** Returns the labels that are float32 numbers, as many as there are predictions, in their shape (n, outputs). */
    public static Expression targets() {
        Leaf targets = new Leaf(Leaf.Source.TARGETS, "");
        return new Expression(
                null, List.of(), targets, Width.WIDE, predictions().leaf());
    }

    /** Returns the output of the layer of that name for each example, see {@link org.fl4j.model.Layer#named}. */
    public static Expression output(String layer) {
        return leaf(Leaf.Source.OUTPUT, Check.present("layer", layer), Width.WIDE);
    }

    /** Returns the batch's rows of a client's tensor that has one row for each of its examples, by its name. */
    public static Expression perExample(String name) {
        return leaf(Leaf.Source.PER_EXAMPLE, Check.present("name", name), Width.UNKNOWN);
    }

    /**
     * Returns a client's tensor of shape (1, k) or (k), the same for all examples, by its name. It may have other
     * values in each round, where a number is a part of the program.
     */
    public static Expression tensor(String name) {
        return leaf(Leaf.Source.TENSOR, Check.present("name", name), Width.UNKNOWN);
    }

    /**
     * Returns the trainable parameters before a step, shape (1, trainableCount): for {@link
     * org.fl4j.client.SgdClient#gradientTerm}.
     */
    public static Expression parameters() {
        return leaf(Leaf.Source.PARAMETERS, "", Width.WIDE);
    }

    /**
     * Returns what {@link org.fl4j.client.SgdClient#anchor} does, by default the trainable parameters that the client
     * received, shape (1, trainableCount): for {@link org.fl4j.client.SgdClient#gradientTerm}.
     */
    public static Expression received() {
        Leaf received = new Leaf(Leaf.Source.RECEIVED, "");
        return new Expression(
                null, List.of(), received, Width.WIDE, parameters().leaf());
    }

    /** Returns 1 / n, n the examples of the batch, in shape (n, 1): the gradient of a mean at each of its terms. */
    static Expression share() {
        return leaf(Leaf.Source.SHARE, "", Width.COLUMN);
    }

    /** Returns the sum. */
    public Expression plus(Expression other) {
        return both(Operation.ADD, this, other);
    }

    /** Returns this plus a number. */
    public Expression plus(double number) {
        return plus(number(number));
    }

    /** Returns the difference. */
    public Expression minus(Expression other) {
        return both(Operation.SUBTRACT, this, other);
    }

    /** Returns this minus a number. */
    public Expression minus(double number) {
        return minus(number(number));
    }

    /** Returns the product, element by element. */
    public Expression times(Expression other) {
        return width() == Width.NUMBER ? both(Operation.MULTIPLY, other, this) : both(Operation.MULTIPLY, this, other);
    }

    /** Returns this times a number. */
    public Expression times(double number) {
        return times(number(number));
    }

    /** Returns the quotient, element by element. */
    public Expression dividedBy(Expression other) {
        return both(Operation.DIVIDE, this, other);
    }

    /** Returns this divided by a number. */
    public Expression dividedBy(double number) {
        return dividedBy(number(number));
    }

    private static Expression both(Operation operation, Expression left, Expression right) {
        requireNumbers(operation, right);
        Width larger = left.width().compareTo(right.width()) > 0 ? left.width() : right.width();
        boolean certain = left.width() != Width.UNKNOWN
                && right.width() != Width.UNKNOWN
                && (left.width() != right.width()
                        || left.width() != Width.WIDE
                        || left.origin().equals(right.origin()));
        return of(operation, certain || larger == Width.NUMBER ? larger : Width.UNKNOWN, left, right);
    }

    /** Returns this times -1. */
    public Expression negated() {
        return of(Operation.NEGATE, width(), this);
    }

    /** Returns e to the power of each element. */
    public Expression exp() {
        return of(Operation.EXP, width(), this);
    }

    /** Returns the natural logarithm of each element. */
    public Expression log() {
        return of(Operation.LOG, width(), this);
    }

    /** Returns the square root of each element, which has no gradient at 0. */
    public Expression sqrt() {
        return of(Operation.SQRT, width(), this);
    }

    /** Returns the square of each element. */
    public Expression squared() {
        return times(this);
    }

    /** Returns the absolute value of each element. */
    public Expression abs() {
        return of(Operation.ABSOLUTE, width(), this);
    }

    /** Returns max(0, x) of each element. */
    public Expression relu() {
        return of(Operation.RELU, width(), this);
    }

    /** Returns 1 / (1 + exp(-x)) of each element. */
    public Expression sigmoid() {
        return of(Operation.SIGMOID, width(), this);
    }

    /** Returns the hyperbolic tangent of each element. */
    public Expression tanh() {
        return of(Operation.TANH, width(), this);
    }

    /** Returns the logarithm of {@link #softmax}. */
    public Expression logSoftmax() {
        return of(Operation.LOG_SOFTMAX, width(), this);
    }

    /** Returns {@code exp(x) / sum(exp(x))} of each row. */
    public Expression softmax() {
        return logSoftmax().exp();
    }

    /** Returns the sum of each row, shape (n, 1). */
    public Expression sum() {
        return of(Operation.SUM, Width.COLUMN, this);
    }

    /** Returns the mean of each row, shape (n, 1). */
    public Expression mean() {
        return sum().dividedBy(of(Operation.WIDTH, Width.NUMBER, this));
    }

    /** Returns the element of each row that a class of {@link #labels} names, shape (n, 1). */
    public Expression at(Expression classes) {
        return of(Operation.AT, Width.COLUMN, this, classes(classes));
    }

    /** Returns 1 at the class of {@link #labels} of each row and 0 elsewhere, in the shape of this. */
    public Expression oneHot(Expression classes) {
        return of(Operation.ONE_HOT, width(), this, classes(classes));
    }

    private static Expression classes(Expression labels) {
        Check.that(
                labels.leaf() != null && labels.leaf().source() == Leaf.Source.LABELS, "classes", "labels()", labels);
        return labels;
    }

    /** Returns this as a constant: no gradient passes through. */
    public Expression withoutGradient() {
        return of(Operation.CONSTANT, width(), this);
    }

    /**
     * Returns a loss of the same value, to whose gradient at a leaf a constant is added. With {@link #withoutGradient}
     * before it, a loss has this gradient alone.
     *
     * @param at {@link #predictions} or an {@link #output}
     * @param gradient of each example's loss, shape (n, k); the loss is not finite where this is not
     */
    public Expression plusGradient(Expression at, Expression gradient) {
        boolean known =
                at.equals(predictions()) || (at.leaf() != null && at.leaf().source() == Leaf.Source.OUTPUT);
        Check.that(known, "what a gradient is given at", "predictions() or an output(layer)", at);
        Expression zeros = at.minus(at.withoutGradient()); // of derivative 1
        return plus(zeros.times(gradient.withoutGradient()).sum());
    }

    /** Returns this in the shape of what it was repeated from. */
    Expression fittedTo(Expression operand) {
        return operand.width() == Width.COLUMN && width() == Width.WIDE
                ? sum()
                : of(Operation.FIT, operand.width(), this, operand);
    }

    /** Returns the parts that this is a sum of: this alone if it is none. */
    public List<Summand> summands() {
        return Summand.of(this);
    }

    Expression sign() {
        return of(Operation.SIGN, width(), this);
    }

    /** Returns this repeated in each column of another expression, if it is narrower. */
    Expression asWideAs(Expression other) {
        return width().compareTo(other.width()) < 0
                ? of(Operation.ONES, other.width(), other).times(this)
                : this;
    }

    /**
     * Returns the gradient of the mean over the rows of this, which must have one value a row: an expression of the
     * leaf's shape. Zeros if this does not depend on it.
     *
     * @param at {@link #predictions} or an {@link #output}
     */
    public Expression gradient(Expression at) {
        Check.that(at.leaf() != null, "what a gradient is taken at", "a leaf, such as predictions()", at);
        return new Differentiation(this, at.leaf())
                .gradient()
                .map(total -> total.asWideAs(at))
                .orElseGet(() -> at.ones().times(0));
    }

    Expression ones() {
        return of(Operation.ONES, width(), this);
    }
}
