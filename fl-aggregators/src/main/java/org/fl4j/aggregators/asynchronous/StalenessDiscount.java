package org.fl4j.aggregators.asynchronous;

import java.io.Serializable;
import org.fl4j.internal.Check;

/** How much less an update counts the more versions the model is ahead of the one it started from. */
@FunctionalInterface
public interface StalenessDiscount extends Serializable {
    /** Returns a factor in (0, 1]; 1 for staleness 0. */
    double at(int staleness);

    /** Returns 1 whatever the staleness. */
    static StalenessDiscount constant() {
        return new Polynomial(0);
    }

    /** Returns {@code (1 + staleness)^-exponent}; at 1/2 it is the discount of FedBuff's experiments. */
    static StalenessDiscount polynomial(double exponent) {
        return new Polynomial(exponent);
    }

    /** Returns 1 up to a staleness of {@code free}, then {@code 1 / (slope (staleness - free) + 1)}. */
    static StalenessDiscount hinge(double slope, int free) {
        return new Hinge(slope, free);
    }

    /** See {@link #polynomial}. */
    record Polynomial(double exponent) implements StalenessDiscount {
        /** Checks the exponent. */
        public Polynomial {
            Check.notNegative("exponent", exponent);
        }

        @Override
        public double at(int staleness) {
            return Math.pow(1 + staleness, -exponent);
        }
    }

    /** See {@link #hinge}. */
    record Hinge(double slope, int free) implements StalenessDiscount {
        /** Checks both. */
        public Hinge {
            Check.positive("slope", slope);
            Check.atLeast("free", 0, free);
        }

        @Override
        public double at(int staleness) {
            return staleness <= free ? 1 : 1 / (slope * (staleness - free) + 1);
        }
    }
}
