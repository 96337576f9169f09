package org.fl4j.client;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.fl4j.internal.Check;
import org.fl4j.tensor.internal.StepLines;
import org.fl4j.tensor.internal.StepRule;

/**
 * How a client trains in one round. Start from {@link #sgd} or {@link #adam} and change what differs:
 *
 * <pre>{@code
 * LocalTraining training = LocalTraining.sgd(0.1).epochs(5).optimizer(new ClientOptimizer.Sgd(0.9, 1e-4));
 * }</pre>
 *
 * @param optimizer turns gradients into steps
 * @param learningRate by round
 * @param epochs how often each example is seen, unless {@code steps} is set
 * @param steps how many batches to train on, passing over the data as often as that takes
 * @param batchSize examples a step; the last batch of an epoch may be smaller
 * @param gradientClip the largest Euclidean norm of a step's gradient; longer ones are scaled down to it
 * @param proximalTerm at least 0: adds proximalTerm * (w - received) to each gradient, before it is clipped (FedProx,
 *     Li et al. 2020, arXiv 1812.06127)
 */
public record LocalTraining(
        ClientOptimizer optimizer,
        LearningRateSchedule learningRate,
        int epochs,
        OptionalInt steps,
        int batchSize,
        OptionalDouble gradientClip,
        double proximalTerm) {
    private static final int MOST_EPOCHS = 1_000_000;

    /** Checks all. */
    public LocalTraining {
        Check.present("optimizer", optimizer);
        Check.present("learningRate", learningRate);
        Check.positive("epochs", epochs);
        Check.that(epochs <= MOST_EPOCHS, "epochs", "at most " + MOST_EPOCHS, epochs);
        steps.ifPresent(count -> Check.positive("steps", count));
        Check.positive("batchSize", batchSize);
        gradientClip.ifPresent(bound -> Check.positive("gradientClip", bound));
        Check.notNegative("proximalTerm", proximalTerm);
    }

    /** Returns plain SGD at a constant rate: 1 epoch, batches of 10. */
    public static LocalTraining sgd(double learningRate) {
        return of(new ClientOptimizer.Sgd(0, 0), learningRate);
    }

    /** Returns Adam at a constant rate: 1 epoch, batches of 10. */
    public static LocalTraining adam(double learningRate) {
        return of(new ClientOptimizer.Adam(), learningRate);
    }

    private static LocalTraining of(ClientOptimizer optimizer, double learningRate) {
        return new LocalTraining(
                optimizer,
                LearningRateSchedule.constant(learningRate),
                1,
                OptionalInt.empty(),
                10,
                OptionalDouble.empty(),
                0);
    }

    /** Returns this with another optimizer. */
    public LocalTraining optimizer(ClientOptimizer other) {
        return new LocalTraining(other, learningRate, epochs, steps, batchSize, gradientClip, proximalTerm);
    }

    /** Returns this with another learning-rate schedule. */
    public LocalTraining learningRate(LearningRateSchedule other) {
        return new LocalTraining(optimizer, other, epochs, steps, batchSize, gradientClip, proximalTerm);
    }

    /** Returns this with a number of epochs, and no number of steps. */
    public LocalTraining epochs(int count) {
        return new LocalTraining(
                optimizer, learningRate, count, OptionalInt.empty(), batchSize, gradientClip, proximalTerm);
    }

    /** Returns this with a number of steps instead of epochs. */
    public LocalTraining steps(int count) {
        return new LocalTraining(
                optimizer, learningRate, epochs, OptionalInt.of(count), batchSize, gradientClip, proximalTerm);
    }

    /** Returns this with another batch size. */
    public LocalTraining batchSize(int count) {
        return new LocalTraining(optimizer, learningRate, epochs, steps, count, gradientClip, proximalTerm);
    }

    /** Returns this with all of a client's examples in one batch: the B = infinity of McMahan et al. 2017. */
    public LocalTraining fullBatch() {
        return batchSize(Integer.MAX_VALUE);
    }

    /** Returns this with a bound on each step's gradient norm. */
    public LocalTraining gradientClip(double bound) {
        return new LocalTraining(
                optimizer, learningRate, epochs, steps, batchSize, OptionalDouble.of(bound), proximalTerm);
    }

    /** Returns this with a proximal term that pulls local training back to the received model. */
    public LocalTraining proximalTerm(double mu) {
        return new LocalTraining(optimizer, learningRate, epochs, steps, batchSize, gradientClip, mu);
    }

    /** The name of a task's setting: how many examples a step, a whole number. */
    public static final String BATCH_SIZE = "training/batch size";

    /** The name of a task's setting: the share of its steps that a client takes, in (0, 1]; one step at least. */
    public static final String STEPS_SHARE = "training/steps share";

    /** How names of settings begin that the library's clients follow. */
    private static final String SETTINGS = "training/";

    /**
     * Returns this as a task's settings have it, for a client with so many examples. Settings with another prefix are
     * somebody else's.
     *
     * @throws IllegalArgumentException if a setting with the prefix {@code training/} is not known, or its value is out
     *     of range
     */
    LocalTraining under(Map<String, Double> settings, int exampleCount) {
        LocalTraining changed = this;
        for (Map.Entry<String, Double> setting : settings.entrySet()) {
            if (setting.getKey().equals(BATCH_SIZE)) {
                double size = setting.getValue();
                Check.that(size == Math.rint(size) && size >= 1, BATCH_SIZE, "a whole number of at least 1", size);
                changed = changed.batchSize((int) size);
            } else if (setting.getKey().startsWith(SETTINGS)) {
                Check.that(
                        setting.getKey().equals(STEPS_SHARE),
                        "setting of a task that begins with " + SETTINGS,
                        BATCH_SIZE + " or " + STEPS_SHARE,
                        setting.getKey());
            }
        }
        double share = Check.share(STEPS_SHARE, settings.getOrDefault(STEPS_SHARE, 1.0));
        int all = changed.stepCount(exampleCount);
        return share == 1 || all == 0 ? changed : changed.steps(Math.max(1, (int) (share * all)));
    }

    /** Returns how many steps a client with so many examples takes. */
    public int stepCount(int exampleCount) {
        if (exampleCount == 0) {
            return 0;
        }
        int batch = Math.min(batchSize, exampleCount);
        if (steps.isPresent()) {
            return steps.getAsInt();
        }
        long all = (long) ((exampleCount + batch - 1) / batch) * epochs;
        return (int) Check.that(all <= Integer.MAX_VALUE, "steps of a client", "at most " + Integer.MAX_VALUE, all)
                .longValue();
    }

    /** Returns how many examples a client with so many trains on, each as often as it does. */
    public long examplesSeen(int exampleCount) {
        if (exampleCount == 0) {
            return 0;
        }
        if (steps.isEmpty()) {
            return (long) epochs * exampleCount;
        }
        int batch = Math.min(batchSize, exampleCount);
        int perEpoch = (exampleCount + batch - 1) / batch;
        int begun = steps.getAsInt() % perEpoch; // full batches of the last pass: its last one would end it
        return (long) (steps.getAsInt() / perEpoch) * exampleCount + (long) begun * batch;
    }

    /** Returns the learning rate of a round, which is positive. */
    double rate(int round) {
        return Check.positive("learningRate", learningRate.at(round));
    }

    /**
     * Returns the step of this training for a compiled program.
     *
     * @param corrected whether a correction is added to every gradient
     */
    StepRule stepRule(boolean corrected) {
        return stepRule(corrected, /* hasTerm= */ false);
    }

    /**
     * Returns the step of this training for a compiled program.
     *
     * @param corrected whether a correction is added to every gradient
     * @param hasTerm whether a term is added, so that the gradient must be there before the parameters move
     */
    StepRule stepRule(boolean corrected, boolean hasTerm) {
        if (!corrected
                && !hasTerm
                && optimizer instanceof ClientOptimizer.Sgd sgd
                && sgd.momentum() == 0
                && gradientClip.isEmpty()
                && proximalTerm == 0) {
            return StepRule.descent(sgd.weightDecay());
        }
        StepLines lines = new StepLines();
        if (corrected) {
            lines.correct();
        }
        if (proximalTerm > 0) {
            lines.pull(proximalTerm);
        }
        gradientClip.ifPresent(lines::clip);
        optimizer.write(lines);
        return lines.rule();
    }
}
