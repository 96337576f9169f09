package org.fl4j.world;

/** When clients are there: a pure function, which may be asked about any time in any order. */
@FunctionalInterface
public interface Availability {
    /**
     * Returns whether a client can take part at a time.
     *
     * @param client the client's index
     * @param seconds on the run's clock, at least 0
     */
    boolean isAvailable(int client, double seconds);

    /** Returns that all are always there. */
    static Availability always() {
        return Always.INSTANCE;
    }

    /** See {@link #always}. */
    enum Always implements Availability {
        /** The only one. */
        INSTANCE;

        @Override
        public boolean isAvailable(int client, double seconds) {
            return true;
        }
    }
}
