/**
 * Experiments that are declared in a file, run as sweeps, tracked in a store and reported. Read
 * {@link org.fl4j.experiments.ExperimentFile} first.
 */
package org.fl4j.experiments;
