package org.fl4j.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.random.Seed;
import org.fl4j.tensor.GradientScope;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExpressionTest extends TensorTest {
    private static final int ROWS = 4;
    private static final int CLASSES = 3;
    private static final Expression X = Expression.predictions();
    private static final Expression LABELS = Expression.labels();
    private static final Expression HIDDEN = Expression.output("hidden");
    private static final Expression WIDE = Expression.output("wide");
    private static final Expression NARROW = Expression.output("narrow");

    static Stream<Arguments> losses() {
        Expression logs = X.logSoftmax();
        Expression teacher = Expression.perExample("teacher");
        Expression weight = Expression.perExample("weight");
        Expression shift = Expression.tensor("shift");
        Expression positive = X.squared().plus(.5);
        return Stream.of(
                Arguments.of("cross-entropy", logs.at(LABELS).negated()),
                Arguments.of("a mean", logs.mean()),
                Arguments.of("distillation", teacher.softmax().times(logs).sum().negated()),
                Arguments.of("a shift", X.minus(shift).logSoftmax().at(LABELS).negated()),
                Arguments.of("one weight an example", logs.at(LABELS).times(weight)),
                Arguments.of("a quotient", X.dividedBy(positive).sum()),
                Arguments.of(
                        "a quotient by a column",
                        X.dividedBy(positive.sum()).squared().sum()),
                Arguments.of(
                        "a column before a difference",
                        X.sum().minus(X).squared().mean()),
                Arguments.of(
                        "sums of repeated columns", X.sum().plus(X.times(0)).sum()),
                Arguments.of(
                        "softmax of repeated columns",
                        X.sum().times(shift).logSoftmax().at(LABELS)),
                Arguments.of("roots", positive.sqrt().sum()),
                Arguments.of("logarithms", positive.log().sum()),
                Arguments.of("absolute values", X.abs().sum()),
                Arguments.of("rectified", X.relu().squared().sum()),
                Arguments.of("sigmoid", X.sigmoid().times(X).sum()),
                Arguments.of("tanh", X.tanh().plus(X.exp()).minus(3).sum()),
                Arguments.of("one-hot", X.minus(X.oneHot(LABELS)).squared().mean()),
                Arguments.of(
                        "without a gradient",
                        X.softmax().withoutGradient().times(logs).sum()),
                Arguments.of(
                        "given by its gradient",
                        logs.at(LABELS).withoutGradient().plusGradient(X, teacher.times(X))),
                Arguments.of(
                        "with a gradient at a layer",
                        logs.at(LABELS).plusGradient(HIDDEN, HIDDEN.tanh()).plusGradient(X, weight)),
                Arguments.of("a cosine", cosine(X, teacher)),
                Arguments.of("a layer", HIDDEN.squared().mean().plus(logs.at(LABELS))),
                Arguments.of(
                        "a column times what may be one or more",
                        X.minus(X.at(LABELS).times(weight)).squared().mean()),
                Arguments.of(
                        "a layer before more columns of the client's",
                        WIDE.sum().minus(teacher).squared().sum()),
                Arguments.of(
                        "one column of a layer, repeated", NARROW.times(teacher).sum()),
                Arguments.of("class weights", logs.at(LABELS).times(shift.at(LABELS))),
                Arguments.of(
                        "one-hot of class weights",
                        logs.times(shift.oneHot(LABELS)).sum()),
                Arguments.of("two layers of one width", WIDE.times(X).sum()),
                Arguments.of("targets", X.minus(Expression.targets()).squared().mean()),
                Arguments.of("nothing of it", HIDDEN.squared().mean()));
    }

    private static Expression cosine(Expression a, Expression b) {
        return a.times(b)
                .sum()
                .dividedBy(a.squared().sum().sqrt().times(b.squared().sum().sqrt()));
    }

    private NDArray drawn(long seed, long columns) {
        RandomGenerator random = new Seed(seed).generator();
        float[] values = new float[(int) (ROWS * columns)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.create(manager, values, new Shape(ROWS, columns));
    }

    /** The derivative that is written, evaluated, against that of PyTorch's autograd. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("losses")
    void hasTheGradientOfAutograd(String name, Expression loss) {
        Map<String, NDArray> tensors = Map.of(
                "hidden", drawn(1, 5),
                "teacher", drawn(2, CLASSES),
                "weight", drawn(3, 1),
                "wide", drawn(5, CLASSES),
                "narrow", drawn(6, 1),
                "shift", manager.create(new float[][] {{.5f, -1, 2}}));
        for (Expression at : new Expression[] {X, HIDDEN, WIDE, NARROW}) {
            NDArray x = drawn(4, CLASSES);
            NDArray leaf = at.equals(X) ? x : tensors.get(at.leaf().name()).duplicate();
            Function<Leaf, NDArray> values = wanted -> switch (wanted.source()) {
                case PREDICTIONS -> x;
                case LABELS -> Tensors.create(manager, new long[] {0, 2, 1, 2});
                case OUTPUT -> wanted.equals(at.leaf()) ? leaf : tensors.get(wanted.name());
                case TARGETS -> tensors.get("teacher");
                case SHARE -> manager.full(new Shape(ROWS, 1), 1f / ROWS);
                default -> tensors.get(wanted.name());
            };
            NDArray written = loss.gradient(at).evaluate(values);
            assertThat(written.getShape()).isEqualTo(leaf.getShape());
            leaf.setRequiresGradient(true);
            try (GradientScope scope = GradientScope.open()) {
                // a graph is needed even where the loss does not depend on the leaf
                scope.backward(loss.evaluate(values).mean().add(leaf.sum().mul(0)));
            }
            float[] expected = leaf.getGradient().toFloatArray();
            float[] found = written.toFloatArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat(found[i]).as(name + " " + i).isCloseTo(expected[i], within(2e-6f));
            }
        }
    }

    /** The value stays, and the gradient is what was given, shared by the rows. */
    @Test
    void gradientsCanBeGiven() {
        NDArray x = drawn(4, CLASSES);
        Function<Leaf, NDArray> values =
                leaf -> leaf.source() == Leaf.Source.SHARE ? manager.full(new Shape(ROWS, 1), 1f / ROWS) : x;
        Expression value = X.squared().sum();
        Expression loss = value.withoutGradient().plusGradient(X, X.times(3));
        assertThat(loss.evaluate(values)).isEqualTo(value.evaluate(values));
        assertThat(loss.gradient(X).evaluate(values)).isEqualTo(x.mul(3).mul(1f / ROWS));
        assertThatThrownBy(() -> value.plusGradient(Expression.parameters(), X))
                .hasMessageStartingWith(
                        "what a gradient is given at must be predictions() or an output(layer), but was");
    }

    @Test
    void isAValue() {
        assertThat(X.logSoftmax().at(LABELS).times(2))
                .isEqualTo(X.logSoftmax().at(LABELS).times(2));
        assertThat(X.logSoftmax().at(LABELS).times(2))
                .isNotEqualTo(X.logSoftmax().at(LABELS).times(3));
        assertThat(X.plus(HIDDEN)).isNotEqualTo(HIDDEN.plus(X)).hasSameHashCodeAs(X.plus(HIDDEN));
        assertThat(X.withoutGradient().exp()).isNotEqualTo(X.exp());
        assertThat(X.exp().sum()).hasToString("0 = torch.exp(predictions); 1 = torch.sum(0, [1], True); 1");
        Expression doubled = X;
        for (int i = 0; i < 200; i++) {
            doubled = doubled.plus(doubled); // 2^200 paths, 200 nodes
        }
        assertThat(doubled.toString()).hasSizeLessThan(10_000);
    }

    @Test
    void knowsWhatItReads() {
        Expression loss =
                Expression.tensor("b").times(X).plus(Expression.perExample("a")).plus(HIDDEN);
        assertThat(loss.names(Leaf.Source.TENSOR)).containsExactly("b");
        assertThat(loss.names(Leaf.Source.PER_EXAMPLE)).containsExactly("a");
        assertThat(loss.names(Leaf.Source.OUTPUT)).containsExactly("hidden");
        assertThat(X.plus(1).isWide()).isTrue();
        assertThat(loss.isWide()).as("several origins").isFalse();
        assertThat(loss.sum().isWide()).isFalse();
    }

    @Test
    void refusesNumbersAndNamesThatProgramsCannotHold() {
        assertThatThrownBy(() -> X.times(Double.NaN)).hasMessage("number in an expression must be finite, but was NaN");
        assertThatThrownBy(() -> X.minus(LABELS))
                .hasMessage("operand of SUBTRACT must be of float32 numbers: labels() are classes, for at and oneHot;"
                        + " targets() are numbers, but was labels");
        assertThatThrownBy(LABELS::exp).hasMessageStartingWith("operand of EXP must be of float32 numbers");
        assertThatThrownBy(() -> X.at(X)).hasMessage("classes must be labels(), but was predictions");
        assertThatThrownBy(() -> X.gradient(X.exp()))
                .hasMessageStartingWith("what a gradient is taken at must be a leaf, such as predictions(), but was");
        assertThatThrownBy(() -> Expression.tensor("a; b"))
                .hasMessage("name in an expression must be letters, digits, spaces and any of . _ / -, but was a; b");
    }
}
