package org.fl4j.simulation;

/** Whether the clients of a block train all at once, in one program. */
public enum BlockTraining {
    /** Where it is faster, by a rule that looks at the model and the clients alone: see docs/performance.md. */
    AUTO,
    /** Always; a run whose clients cannot is refused. */
    ALWAYS,
    /** Never. */
    NEVER
}
