/**
 * Listeners that write what runs measure where other tools read it:
 * {@link org.fl4j.experiments.tracking.TensorBoardListener} to event files,
 * {@link org.fl4j.experiments.tracking.MlflowListener} to a tracking server.
 */
package org.fl4j.experiments.tracking;
