package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fl4j.expression.Expression;
import org.fl4j.expression.Leaf;
import org.fl4j.expression.Leaf.Source;
import org.fl4j.internal.Check;
import org.fl4j.tensor.Kernels;

/**
 * What a client gives to a loss or a gradient term of its own.
 *
 * @param byName float32 tensors: what is {@linkplain Expression#perExample per example} has as many rows as the client
 *     has examples
 */
public record LossTensors(Map<String, NDArray> byName) {
    private static final LossTensors NONE = new LossTensors(Map.of());

    /** Copies the map. */
    public LossTensors {
        byName = Map.copyOf(byName);
    }

    /** Returns what a client gives to a loss that needs nothing. */
    public static LossTensors none() {
        return NONE;
    }

    /**
     * Checks what a client gives.
     *
     * @param readers what reads it: a loss, and a gradient term
     * @param examples how many the client has
     * @throws IllegalArgumentException if something is missing, is not read, or has another type or number of rows
     */
    public static LossTensors of(List<Expression> readers, Map<String, NDArray> byName, int examples) {
        SortedSet<String> perExample = names(readers, Source.PER_EXAMPLE);
        SortedSet<String> common = names(readers, Source.TENSOR);
        SortedSet<String> needed = new TreeSet<>(perExample);
        needed.addAll(common);
        for (String name : perExample) {
            Check.that(!common.contains(name), "tensor " + name, "per example or the same for all, not both", name);
        }
        Check.that(
                needed.equals(byName.keySet()),
                "tensors of a loss or gradient term",
                "named " + needed,
                new TreeSet<>(byName.keySet()));
        byName.forEach((name, tensor) -> Check.that(
                tensor.getDataType() == DataType.FLOAT32,
                "tensor " + name + " of a loss or gradient term",
                "float32",
                tensor.getDataType()));
        for (String name : perExample) {
            Shape shape = byName.get(name).getShape();
            Check.that(
                    shape.dimension() == 2 && shape.get(0) == examples,
                    "shape of tensor " + name + " of a loss or gradient term",
                    "(" + examples + ", k), a row for each example of the client",
                    shape);
        }
        Map<String, NDArray> rows = new TreeMap<>(byName);
        for (String name : common) {
            Shape shape = byName.get(name).getShape();
            boolean isVector = shape.dimension() == 1;
            Check.that(
                    isVector || (shape.dimension() == 2 && shape.get(0) == 1),
                    "shape of tensor " + name + " of a loss or gradient term",
                    "(1, k) or (k), the same for all examples",
                    shape);
            rows.computeIfPresent(name, (any, tensor) -> isVector ? tensor.expandDims(0) : tensor);
        }
        return new LossTensors(rows);
    }

    /**
     * Returns a gradient term.
     *
     * @throws IllegalArgumentException if it reads anything of single examples
     */
    public static Expression requireTerm(Expression term) {
        for (Source source : Source.values()) {
            boolean known = switch (source) {
                case PARAMETERS, RECEIVED, TENSOR, NUMBER -> true;
                case PREDICTIONS, LABELS, TARGETS, OUTPUT, PER_EXAMPLE, SHARE -> false;
            };
            Check.that(
                    known || term.names(source).isEmpty(),
                    "gradient term of a client",
                    "one of parameters(), received() and tensors",
                    term);
        }
        return term;
    }

    private static SortedSet<String> names(List<Expression> readers, Source source) {
        SortedSet<String> names = new TreeSet<>();
        readers.forEach(reader -> names.addAll(reader.names(source)));
        return names;
    }

    /**
     * Returns the tensor of that name.
     *
     * @throws IllegalStateException if there is none: a gradient was asked for before a training began
     */
    public NDArray get(String name) {
        NDArray tensor = byName.get(name);
        if (tensor == null) {
            throw new IllegalStateException(
                    "tensor " + name + " of a loss or gradient term must be known before a gradient is computed;"
                            + " clients are asked for their tensors when a training begins");
        }
        return tensor;
    }

    /**
     * Computes a loss with arrays, which autograd differentiates.
     *
     * @param model made the predictions in its last forward pass
     * @param labels of what was predicted
     * @param positions which of the client's examples that was: int64, shape (n)
     * @return float32, shape (n)
     * @throws IllegalArgumentException if the loss has not one value an example
     */
    public NDArray evaluate(Expression loss, LocalModel model, NDArray predictions, NDArray labels, NDArray positions) {
        NDArray losses = loss.evaluate(leaf -> switch (leaf.source()) {
            case PREDICTIONS -> predictions;
            case LABELS -> labels;
            case TARGETS -> labels.reshape(predictions.getShape());
            case OUTPUT -> model.output(leaf.name());
            case PER_EXAMPLE -> Kernels.rows(model.manager(), get(leaf.name()), positions);
            case TENSOR -> get(leaf.name());
            case PARAMETERS, RECEIVED, SHARE, NUMBER ->
                throw new IllegalStateException("losses have no such leaf to look up: " + leaf);
        });
        long count = predictions.getShape().get(0);
        Check.that(
                losses.size() == count,
                "shape of a client's loss",
                "(" + count + ", 1), one value an example",
                losses.getShape());
        return losses.flatten();
    }

    /**
     * Computes what is added to a gradient.
     *
     * @param parameters the trainable parameters before the step, float32 of shape (trainableCount)
     * @param received the anchor, of that shape
     * @return of that shape
     * @throws IllegalArgumentException if the term has not one value a parameter, or reads anything of examples
     */
    public NDArray term(Expression term, NDArray parameters, NDArray received) {
        NDArray sum = requireTerm(term).evaluate(leaf -> switch (leaf.source()) {
            case RECEIVED -> received.expandDims(0);
            case TENSOR -> get(leaf.name());
            default -> parameters.expandDims(0);
        });
        Check.that(
                sum.size() == parameters.size(),
                "shape of a client's gradient term",
                "one value a parameter, " + parameters.size(),
                sum.getShape());
        return sum.flatten();
    }

    /** Returns the tensors in the order in which a program takes them. */
    NDList inOrder(List<Leaf> leaves) {
        NDList list = new NDList(leaves.size());
        leaves.forEach(leaf -> list.add(get(leaf.name())));
        return list;
    }
}
