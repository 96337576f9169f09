package org.fl4j.tensor;

/** What a parameter is to training, and so which operations may touch it. */
public enum ParameterRole {
    /** Moved by gradients; server optimizers, clipping, noise and control variates act on these only. */
    TRAINABLE,
    /** Float state that no gradient moves, such as the running statistics of BatchNorm, or a frozen weight. */
    FLOAT_BUFFER,
    /** Integer state, such as a batch counter; copied, never averaged. */
    INTEGER_BUFFER
}
