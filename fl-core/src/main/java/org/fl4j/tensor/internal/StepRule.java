package org.fl4j.tensor.internal;

import java.util.List;

/**
 * How parameters move, as lines of TorchScript that see {@code trainable}, {@code received}, {@code correction},
 * {@code gradient} (flat vectors), {@code state} (a list of them), {@code rate} and {@code taken} (steps before
 * this one).
 *
 * @param descends whether it is plain SGD, which is fused into the backward pass; then there are no lines
 * @param weightDecay of plain SGD
 * @param lines of any other rule
 * @param stateVectors how many vectors of state it needs, zeros at first
 */
public record StepRule(boolean descends, double weightDecay, List<String> lines, int stateVectors) {
    /** Copies the lines. */
    public StepRule {
        lines = List.copyOf(lines);
    }
}
