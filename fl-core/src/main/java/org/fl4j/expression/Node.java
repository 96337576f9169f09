package org.fl4j.expression;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** What an {@link Expression} is made of, and what is done with it. */
abstract sealed class Node permits Expression {
    /** What is known of an expression's shape. */
    enum Width {
        /** One number. */
        NUMBER,
        /** (n, 1). */
        COLUMN,
        /** What a client gives, and what two origins have a part in: any columns, and one row or n. */
        UNKNOWN,
        /** The shape of its origin, a leaf: (n, k). */
        WIDE
    }

    private final Operation operation; // null for a leaf
    private final List<Expression> operands;
    private final Leaf leaf; // null for an operation
    private final Width width;
    private final Leaf origin; // of whose shape this is, if it is wide
    private String text = ""; // of all that this is computed from, once somebody asked

    Node(Operation operation, List<Expression> operands, Leaf leaf, Width width, Leaf origin) {
        this.operation = operation;
        this.operands = List.copyOf(operands);
        this.leaf = leaf;
        this.width = width;
        this.origin = origin;
    }

    Expression operand(int index) {
        return operands.get(index);
    }

    List<Expression> operands() {
        return operands;
    }

    Operation operation() {
        return operation;
    }

    Leaf leaf() {
        return leaf;
    }

    Width width() {
        return width;
    }

    Leaf origin() {
        return origin;
    }

    /** Returns whether each row has several values for certain: losses have one. */
    public boolean isWide() {
        return width == Width.WIDE;
    }

    /** Returns whether this is a number as it was written. */
    public boolean isNumber() {
        return leaf != null && leaf.source() == Leaf.Source.NUMBER;
    }

    /** Returns the names of the leaves from a source. */
    public SortedSet<String> names(Leaf.Source source) {
        SortedSet<String> names = new TreeSet<>();
        nodes().stream()
                .filter(node -> node.leaf() != null && node.leaf().source() == source)
                .forEach(node -> names.add(node.leaf().name()));
        return names;
    }

    /** Returns this and all it is computed from, operands first. */
    List<Expression> nodes() {
        List<Expression> order = new ArrayList<>();
        collect(order, new IdentityHashMap<>());
        return order;
    }

    private void collect(List<Expression> order, IdentityHashMap<Expression, Boolean> seen) {
        if (seen.put((Expression) this, true) == null) {
            operands.forEach(operand -> ((Node) operand).collect(order, seen));
            order.add((Expression) this);
        }
    }

    /** Returns whether elements of this may be repeated in a result. */
    boolean isRepeatedIn(Expression result) {
        return width == Width.UNKNOWN || result.width() != width;
    }

    /**
     * Writes this as TorchScript.
     *
     * @param leaves names the values of a leaf other than a number
     * @param lines writes a line that computes a value, and returns the value's name
     * @param written the names of expressions that are written already, by identity; receives those of this
     * @return the name of the result
     */
    public String write(
            Function<Leaf, String> leaves, UnaryOperator<String> lines, IdentityHashMap<Expression, String> written) {
        for (Expression node : nodes()) {
            if (!written.containsKey(node)) {
                written.put(node, ((Node) node).line(leaves, lines, written));
            }
        }
        return written.get((Expression) this);
    }

    private String line(
            Function<Leaf, String> leaves, UnaryOperator<String> lines, IdentityHashMap<Expression, String> written) {
        if (leaf != null) {
            return leaf.source() == Leaf.Source.NUMBER ? leaf.name().replace('E', 'e') : leaves.apply(leaf);
        }
        Object[] names = operands.stream().map(written::get).toArray();
        return lines.apply(String.format(Locale.ROOT, operation.form(), names));
    }

    /**
     * Computes this with arrays; autograd differentiates it.
     *
     * @param leaves the values of a leaf other than a number
     */
    public NDArray evaluate(Function<Leaf, NDArray> leaves) {
        IdentityHashMap<Expression, NDArray> values = new IdentityHashMap<>();
        NDArray any = leaves.apply(new Leaf(Leaf.Source.PREDICTIONS, ""));
        for (Expression node : nodes()) {
            if (node.leaf() == null) {
                NDArray[] operands = node.operands().stream().map(values::get).toArray(NDArray[]::new);
                values.put(node, node.operation().apply(operands));
            } else if (node.leaf().source() == Leaf.Source.NUMBER) {
                values.put(
                        node,
                        any.getManager()
                                .create(Float.parseFloat(node.leaf().name()))
                                .toDevice(any.getDevice(), false));
            } else {
                values.put(node, leaves.apply(node.leaf()));
            }
        }
        return values.get((Expression) this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Expression that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** Returns the lines that compute this, such as {@code 0 = torch.exp(predictions); 1 = torch.sum(0, [1], True)}. */
    @Override
    public String toString() {
        if (text.isEmpty()) {
            List<String> lines = new ArrayList<>();
            String result = write(
                    Leaf::toString,
                    line -> {
                        lines.add(lines.size() + " = " + line);
                        return String.valueOf(lines.size() - 1);
                    },
                    new IdentityHashMap<>());
            lines.add(result);
            text = String.join("; ", lines);
        }
        return text;
    }
}
