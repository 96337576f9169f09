package org.fl4j.internal;

/** An object that stands before another one, which messages should name in its place. */
public interface Wrapper {
    /** Returns the other one. */
    Object wrapped();
}
