package org.fl4j.tensor.internal;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How parameters move, as lines of TorchScript that see {@code trainable}, {@code received}, {@code correction},
 * {@code gradient} (vectors), {@code state} (a list of them), {@code rate} and {@code taken} (steps before this one).
 *
 * @param descends whether it is plain SGD, which is fused into the backward pass; then there are no lines
 * @param weightDecay of plain SGD
 * @param before lines before the gradient is clipped
 * @param clip the largest norm of a gradient
 * @param after lines after it was clipped
 * @param stateVectors how many vectors of state it needs, zeros at first
 * @param corrects whether the lines read a correction
 */
public record StepRule(
        boolean descends,
        double weightDecay,
        List<String> before,
        OptionalDouble clip,
        List<String> after,
        int stateVectors,
        boolean corrects) {
    /** Copies the lines. */
    public StepRule {
        before = List.copyOf(before);
        after = List.copyOf(after);
    }

    /** Returns the rule of a program that computes gradients and moves nothing. */
    public static StepRule gradient() {
        return new StepLines().rule();
    }

    /** Returns plain SGD. */
    public static StepRule descent(double weightDecay) {
        return new StepRule(
                /* descends= */ true,
                weightDecay,
                List.of(),
                OptionalDouble.empty(),
                List.of(),
                /* stateVectors= */ 0,
                /* corrects= */ false);
    }
}
