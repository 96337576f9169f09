package org.fl4j.tensor.internal;

/** Writes what is minimised: the mean over a batch of one loss an example. */
@FunctionalInterface
public interface LossForm {
    /**
     * Writes lines from the network's output to the gradient of the mean loss. They see {@code labels}, {@code count},
     * {@code seen} (float32, where each example's loss goes), {@code tensors} (a list of what clients give) and
     * {@code positions} (int64, which of the client's examples these are).
     *
     * @param output the name of the network's output
     * @return the name of the gradient at the output
     */
    String write(LayerWriter out, String output);
}
