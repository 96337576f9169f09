package org.fl4j.tensor;

/** What a parameter is to training, and so which operations may touch it. */
public enum ParameterRole {
    /** Moved by gradients; server optimizers, clipping, noise and control variates act on these only. */
    TRAINABLE,
    /** Float state that no gradient moves, such as the running statistics of BatchNorm. */
    FLOAT_BUFFER,
    /** Integer state of 64 bits, such as a batch counter; copied, never averaged. */
    INTEGER_BUFFER,
    /** A buffer of another type, such as a mask of booleans: it stays as it is, and does not travel. */
    OTHER_BUFFER,
    /**
     * A weight that nothing changes. There is one copy on each device for all workers, and it is in no message, update,
     * average, noise, norm or checkpoint.
     */
    FROZEN;

    /** Returns whether parameters of this role are in {@link ParameterVector}s, and so travel. */
    public boolean travels() {
        return this == TRAINABLE || this == FLOAT_BUFFER || this == INTEGER_BUFFER;
    }
}
