package org.fl4j.experiments;

import java.util.List;
import java.util.Optional;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.internal.Check;

/**
 * How clients train.
 *
 * @param learningRate positive
 * @param epochs at least 1; 1 if nothing says it
 * @param steps at least 1: batches a round, in place of epochs
 * @param batchSize at least 1
 * @param optimizer {@code sgd}, if nothing says it, or {@code adam}
 * @param momentum of SGD, in [0, 1)
 * @param weightDecay at least 0
 * @param gradientClip the largest norm of a step's gradient, positive
 * @param proximalTerm at least 0
 */
public record TrainingSpec(
        double learningRate,
        Optional<Integer> epochs,
        Optional<Integer> steps,
        int batchSize,
        Optional<String> optimizer,
        Optional<Double> momentum,
        Optional<Double> weightDecay,
        Optional<Double> gradientClip,
        Optional<Double> proximalTerm) {
    /** Checks all. */
    public TrainingSpec {
        Check.positive("learningRate", learningRate);
        epochs.ifPresent(count -> Check.positive("epochs", count));
        steps.ifPresent(count -> Check.positive("steps", count));
        Check.that(epochs.isEmpty() || steps.isEmpty(), "epochs", "left out with steps", epochs.orElse(0));
        Check.positive("batchSize", batchSize);
        optimizer.ifPresent(name -> Check.oneOf("optimizer", List.of("adam", "sgd"), name));
        momentum.ifPresent(value -> Check.fraction("momentum", value));
        Check.that(
                momentum.isEmpty() || optimizer.filter("adam"::equals).isEmpty(),
                "momentum",
                "left out with adam",
                momentum.orElse(0.0));
        weightDecay.ifPresent(value -> Check.notNegative("weightDecay", value));
        gradientClip.ifPresent(value -> Check.positive("gradientClip", value));
        proximalTerm.ifPresent(value -> Check.notNegative("proximalTerm", value));
    }

    /** Takes plain SGD. */
    public TrainingSpec(double learningRate, int epochs, int batchSize) {
        this(
                learningRate,
                Optional.of(epochs),
                Optional.empty(),
                batchSize,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    LocalTraining training() {
        double decay = weightDecay.orElse(0.0);
        ClientOptimizer.Adam adam = new ClientOptimizer.Adam();
        LocalTraining training = LocalTraining.sgd(learningRate)
                .optimizer(
                        optimizer.filter("adam"::equals).isPresent()
                                ? new ClientOptimizer.Adam(adam.beta1(), adam.beta2(), adam.epsilon(), decay)
                                : new ClientOptimizer.Sgd(momentum.orElse(0.0), decay))
                .epochs(epochs.orElse(1))
                .batchSize(batchSize)
                .proximalTerm(proximalTerm.orElse(0.0));
        if (steps.isPresent()) {
            training = training.steps(steps.get());
        }
        return gradientClip.isPresent() ? training.gradientClip(gradientClip.get()) : training;
    }
}
