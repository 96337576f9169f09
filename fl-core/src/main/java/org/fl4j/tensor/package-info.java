/**
 * Tensors and devices. Read {@link org.fl4j.tensor.ParameterVector} first: the parameters of a model, and every update
 * of them, are one flat float32 tensor with a {@link org.fl4j.tensor.ParameterLayout}.
 *
 * <p>This is the only package that touches the PyTorch engine of DJL directly. Native memory is freed by scope: open an
 * {@link ai.djl.ndarray.NDScope}, and what is created inside is closed with it unless it was
 * {@linkplain org.fl4j.tensor.ParameterVector#keep kept}.
 */
package org.fl4j.tensor;
