package org.fl4j.simulation;

/** How long the two halves of a round took. */
final class Stopwatch {
    private final long start = System.nanoTime();
    private long trained = start;

    /** TaskNotes that updates are folded. */
    void trained() {
        trained = System.nanoTime();
    }

    double trainSeconds() {
        return (trained - start) / 1e9;
    }

    double evaluationSeconds() {
        return (System.nanoTime() - trained) / 1e9;
    }
}
