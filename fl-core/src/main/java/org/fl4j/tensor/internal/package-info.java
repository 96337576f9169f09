/**
 * The one place where TorchScript is written. {@link org.fl4j.tensor.internal.TrainingSource} writes the program of a
 * client's local training; each layer adds its lines with a {@link org.fl4j.tensor.internal.LayerWriter}.
 * {@link org.fl4j.tensor.internal.TorchScript} compiles a program and runs it.
 *
 * <p>A layer of your own uses {@link org.fl4j.tensor.internal.LayerWriter} and
 * {@link org.fl4j.tensor.internal.LayerPass}; the rest is internal and may change.
 */
package org.fl4j.tensor.internal;
