package org.fl4j.privacy.accounting;

import org.fl4j.internal.Check;

/** How the clients of a round were drawn; each scheme names the guarantee it can give. */
public sealed interface SamplingScheme {
    /** Returns what the guarantee is about. */
    Neighbouring neighbouring();

    /** Returns the probability that a client is in a round. */
    double rate();

    /**
     * Returns how many of so many clients are in a round on average: the fixed denominator of means.
     *
     * @throws IllegalArgumentException if the scheme is for another number of clients
     */
    double expectedCohort(int clients);

    /**
     * Each client takes part by a coin of its own; cohorts differ in size.
     *
     * @param rate in (0, 1]; 1 is everyone, in every round
     */
    record Poisson(double rate) implements SamplingScheme {
        /** Checks the rate. */
        public Poisson {
            Check.share("rate", rate);
        }

        @Override
        public Neighbouring neighbouring() {
            return Neighbouring.ADD_OR_REMOVE_ONE;
        }

        @Override
        public double expectedCohort(int clients) {
            return rate * clients;
        }
    }

    /**
     * A fixed number of clients, without replacement.
     *
     * @param cohort at least 1
     * @param population at least the cohort
     */
    record FixedSize(int cohort, int population) implements SamplingScheme {
        /** Checks both. */
        public FixedSize {
            Check.inRange("cohort", 1, population, cohort);
        }

        @Override
        public Neighbouring neighbouring() {
            return Neighbouring.REPLACE_ONE;
        }

        @Override
        public double rate() {
            return (double) cohort / population;
        }

        @Override
        public double expectedCohort(int clients) {
            Check.that(clients == population, "clients", "the population of the sampling, " + population, clients);
            return cohort;
        }
    }
}
