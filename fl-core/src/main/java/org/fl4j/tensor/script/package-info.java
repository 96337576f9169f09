/**
 * The one place where TorchScript is written. {@link org.fl4j.tensor.script.TrainingSource} writes the program of a
 * client's local training; each layer adds its lines with a {@link org.fl4j.tensor.script.LayerWriter}.
 * {@link org.fl4j.tensor.script.TorchScript} compiles a program and runs it.
 *
 * <p>A layer of your own uses {@link org.fl4j.tensor.script.LayerWriter} and
 * {@link org.fl4j.tensor.script.LayerPass}; the rest is internal and may change.
 */
package org.fl4j.tensor.script;
