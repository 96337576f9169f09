package org.fl4j.simulation;

/**
 * Where a server stands among those of a run. Each layer is around the ones before it, whatever the order in which they
 * were set; of two in one layer the later is around the earlier.
 */
public enum ServerLayer {
    /**
     * In place of the composed server, as MIRA's, which sends each client a model of its own. A run has one at most.
     */
    BASE,

    /** Around it, such as a server of your own that sends clients settings. */
    AROUND,

    /** Puts the run on a simulated clock, and so decides who is in time. A run has one at most. */
    TIME,

    /** Decides who may take part at all, and sees whatever leaves a client, such as a ledger of clients' privacy. */
    GATE
}
