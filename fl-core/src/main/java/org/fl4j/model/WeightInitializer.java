package org.fl4j.model;

import ai.djl.ndarray.types.Shape;
import java.util.random.RandomGenerator;

/** Draws initial weights and biases from a named seed. Normalisation parameters are not its business: 1 and 0. */
@FunctionalInterface
public interface WeightInitializer {
    /**
     * Fills the values of one parameter.
     *
     * @param values what to fill, all zeros
     * @param shape (outputs, inputs, ...) for a weight, (outputs) for its bias
     * @param fanIn how many inputs feed one output of the layer; for a bias, that of its weight
     * @param random the parameter's own generator
     */
    void fill(float[] values, Shape shape, long fanIn, RandomGenerator random);

    /** Returns PyTorch's default for dense and convolution layers: weights and biases uniform in +-1/sqrt(fanIn). */
    static WeightInitializer fanInUniform() {
        return (values, shape, fanIn, random) -> uniform(values, 1 / Math.sqrt((double) fanIn), random);
    }

    /** Returns Xavier's rule: weights uniform in +-sqrt(6 / (fanIn + fanOut)), biases 0 (Glorot and Bengio 2010). */
    static WeightInitializer xavierUniform() {
        return (values, shape, fanIn, random) -> {
            if (shape.dimension() > 1) {
                double fanOut = (double) fanIn / shape.get(1) * shape.get(0);
                uniform(values, Math.sqrt(6 / (fanIn + fanOut)), random);
            }
        };
    }

    /** Returns He's rule: weights normal with variance 2 / fanIn, biases 0 (He et al. 2015, arXiv 1502.01852). */
    static WeightInitializer heNormal() {
        return (values, shape, fanIn, random) -> {
            for (int i = 0; shape.dimension() > 1 && i < values.length; i++) {
                values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / fanIn));
            }
        };
    }

    private static void uniform(float[] values, double bound, RandomGenerator random) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
        }
    }
}
