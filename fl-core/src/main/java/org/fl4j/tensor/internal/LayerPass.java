package org.fl4j.tensor.internal;

/**
 * What is known after the forward pass of a layer was written.
 *
 * @param output the name of the output
 * @param backward writes the backward pass
 * @param hasParameters whether there is anything to train up to here, in this layer or before it; if not, the backward
 *     pass ends before this layer
 */
public record LayerPass(String output, Backward backward, boolean hasParameters) {
    /** Writes the backward pass of a layer. */
    @FunctionalInterface
    public interface Backward {
        /** Writes lines from the name of the output's gradient, and returns the name of the input's. */
        String write(String gradient);
    }
}
