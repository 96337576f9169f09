package org.fl4j.privacy.accounting;

/**
 * Which populations a guarantee cannot tell apart. It belongs to the sampling scheme, and guarantees of two kinds never
 * mix.
 */
public enum Neighbouring {
    /** One client more or less: the sum of vectors clipped to C changes by C at most. */
    ADD_OR_REMOVE_ONE,
    /** One client with other data: the sum changes by 2 C at most. */
    REPLACE_ONE
}
