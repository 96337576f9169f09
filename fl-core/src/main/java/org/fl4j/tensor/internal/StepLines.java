package org.fl4j.tensor.internal;

import static org.fl4j.tensor.internal.TrainingSource.literal;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The lines of a compiled program that make a step of a gradient, in the order in which they are added. */
public final class StepLines {
    private final List<String> before = new ArrayList<>();
    private final List<String> after = new ArrayList<>();
    private OptionalDouble clip = OptionalDouble.empty();
    private boolean corrects;
    private int stateVectors;

    /** Adds the correction to the gradient. */
    public StepLines correct() {
        corrects = true;
        return line("corrected = torch.add_(gradient, correction)");
    }

    /** Adds {@code mu * (w - received)} to the gradient. */
    public StepLines pull(double mu) {
        line("pulled = torch.add_(gradient, trainable, alpha=" + literal(mu) + ")");
        return line("pulled_back = torch.sub_(gradient, received, alpha=" + literal(mu) + ")");
    }

    /** Scales the gradient to a norm of at most a bound. */
    public StepLines clip(double bound) {
        clip = OptionalDouble.of(bound);
        return this;
    }

    /** Adds {@code weightDecay * w} to the gradient, if that is not zero. */
    public StepLines decay(double weightDecay) {
        return weightDecay > 0
                ? line("decayed = torch.add_(gradient, trainable, alpha=" + literal(weightDecay) + ")")
                : this;
    }

    /** Moves the parameters against the gradient. */
    public StepLines descend() {
        return line("descended = torch.add_(trainable, gradient, alpha=descent)");
    }

    /** Moves the parameters against {@code b = momentum * b + gradient}. */
    public StepLines descendWithMomentum(double momentum) {
        stateVectors = 1;
        line("velocity = torch.add_(torch.mul_(state[0], " + literal(momentum) + "), gradient)");
        return line("descended = torch.add_(trainable, velocity, alpha=descent)");
    }

    /** Moves the parameters by Adam with bias correction. */
    public StepLines adam(double beta1, double beta2, double epsilon) {
        stateVectors = 2;
        line("mean = torch.add_(torch.mul_(state[0], " + literal(beta1) + "), gradient, alpha=" + literal(1 - beta1)
                + ")");
        line("square = torch.addcmul_(torch.mul_(state[1], " + literal(beta2) + "), gradient, gradient, value="
                + literal(1 - beta2) + ")");
        line("power = float(torch.add(taken, 1))");
        line("root = torch.sqrt(torch.sub(1., torch.pow(" + literal(beta2) + ", power)))");
        line("size = torch.div(torch.mul(descent, root), torch.sub(1., torch.pow(" + literal(beta1) + ", power)))");
        line("scale = torch.add_(torch.sqrt(square), torch.mul(root, " + literal(epsilon) + "))");
        return line("descended = torch.addcdiv_(trainable, mean, scale, value=size)");
    }

    private StepLines line(String line) {
        (clip.isPresent() ? after : before).add(line);
        return this;
    }

    /** Returns the rule that these lines are. */
    public StepRule rule() {
        return new StepRule(/* descends= */ false, /* weightDecay= */ 0, before, clip, after, stateVectors, corrects);
    }
}
