package org.fl4j.simulation;

/** What a client that throws does to its run. */
public enum FailurePolicy {
    /** The run ends with a {@link ClientFailedException} that names round and client. */
    FAIL_RUN,
    /** The round goes on without the client, and its report says so. */
    SKIP_CLIENT
}
