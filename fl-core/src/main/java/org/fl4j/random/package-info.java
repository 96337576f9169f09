/**
 * Named randomness. Read {@link org.fl4j.random.Seed} first: every random number of a run is drawn from a seed that was
 * derived from the run's seed by purpose, round and client, so that no draw depends on another or on thread timing.
 */
package org.fl4j.random;
