package org.fl4j.tensor.internal;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Where a program finds a parameter: a part of the flat vector of floats.
 *
 * @param offset the index of its first element
 * @param size how many elements it has
 * @param shape its dimensions
 * @param trainable whether it is trained, and not a buffer
 */
public record ParameterView(long offset, long size, List<Long> shape, boolean trainable) {
    /** Copies the shape. */
    public ParameterView {
        shape = List.copyOf(shape);
    }

    /** Returns the expression of this part of a vector, in the parameter's shape. */
    String of(String vector) {
        String dimensions = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "torch.view(torch.narrow(" + vector + ", 0, " + offset + ", " + size + "), [" + dimensions + "])";
    }
}
