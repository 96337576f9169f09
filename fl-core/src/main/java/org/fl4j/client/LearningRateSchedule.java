package org.fl4j.client;

import org.fl4j.internal.Check;

/** The client learning rate as a function of the round. */
@FunctionalInterface
public interface LearningRateSchedule {
    /** Returns the rate of a round, numbered from 1; positive. */
    double at(int round);

    /** Returns the same rate in every round. */
    static LearningRateSchedule constant(double rate) {
        return new Constant(rate);
    }

    /** Returns {@code rate * factor^floor((round - 1) / every)}, and never less than {@code floor}. */
    static LearningRateSchedule stepwise(double rate, double factor, int every, double floor) {
        requireRate(rate);
        Check.share("factor", factor);
        Check.positive("every", every);
        Check.positive("floor", floor);
        return round -> {
            int decays = (round - 1) / every;
            return Math.max(floor, rate * Math.pow(factor, decays));
        };
    }

    /**
     * Returns half a cosine from {@code rate} in round 1 to {@code floor} in round {@code rounds}, and that after it.
     */
    static LearningRateSchedule cosine(double rate, int rounds, double floor) {
        requireRate(rate);
        Check.atLeast("rounds", 2, rounds);
        Check.positive("floor", floor);
        return round -> {
            double progress = Math.min(1, (round - 1.0) / (rounds - 1));
            return floor + (rate - floor) * (1 + Math.cos(Math.PI * progress)) / 2;
        };
    }

    /** Returns this schedule with all rates multiplied by a positive factor. */
    default LearningRateSchedule times(double factor) {
        Check.positive("factor", factor);
        return round -> factor * at(round);
    }

    /** See {@link #constant}. */
    record Constant(double rate) implements LearningRateSchedule {
        /** Checks the rate. */
        public Constant {
            requireRate(rate);
        }

        @Override
        public double at(int round) {
            return rate;
        }
    }

    /** Rates are applied in float32. */
    private static void requireRate(double rate) {
        Check.positive("learningRate", rate);
        Check.that(rate <= Float.MAX_VALUE, "learningRate", "at most " + Float.MAX_VALUE, rate);
    }
}
