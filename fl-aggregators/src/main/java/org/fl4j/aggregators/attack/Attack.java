package org.fl4j.aggregators.attack;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.commons.numbers.gamma.InverseErfc;
import org.fl4j.core.Aggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.random.Seed;
import org.fl4j.simulation.Adversary;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Tensors;

/**
 * What a Byzantine client sends in place of its delta, in the knowledge of what the honest clients of the cohort send.
 */
@FunctionalInterface
public interface Attack extends Adversary {
    /**
     * Returns the trainable part of the delta to send: float32, in a new array.
     *
     * @param own what the client would send if it were honest
     * @param honest what the honest clients send; at least one
     * @param byzantine how many of the cohort are Byzantine
     * @param seed of this client and round
     */
    NDArray forge(ModelUpdate own, List<ModelUpdate> honest, int byzantine, Seed seed);

    @Override
    default Aggregator attacked(Aggregator defence, int attackers) {
        return new Byzantine(defence, this, attackers);
    }

    /** Returns the client's delta with the other sign. */
    static Attack signFlip() {
        return scaling(-1);
    }

    /**
     * Returns the client's delta times a factor: with {@code n / rate} the model replacement of Bagdasaryan et al. 2018
     * (arXiv 1807.00459, equation 3).
     */
    static Attack scaling(double factor) {
        Check.finite("factor", factor);
        return (own, honest, byzantine, seed) -> own.delta().trainable().mul((float) factor);
    }

    /** Returns noise of a standard deviation, around 0. */
    static Attack gaussian(double deviation) {
        Check.positive("deviation", deviation);
        return (own, honest, byzantine, seed) -> {
            NDArray trainable = own.delta().trainable();
            RandomGenerator random = seed.generator();
            float[] noise = new float[Math.toIntExact(trainable.size())];
            for (int i = 0; i < noise.length; i++) {
                noise[i] = (float) (deviation * random.nextGaussian());
            }
            NDArray made = Tensors.create(trainable.getManager(), noise, new Shape(noise.length));
            return made.toDevice(trainable.getDevice(), /* copy= */ false);
        };
    }

    /**
     * Returns the mean of the honest deltas times {@code -strength}: inner-product manipulation (Xie et al. 2019, arXiv
     * 1903.03936).
     */
    static Attack innerProduct(double strength) {
        Check.positive("strength", strength);
        return (own, honest, byzantine, seed) -> mean(honest).muli((float) -strength);
    }

    /**
     * Returns {@code mean - z deviation} of the honest deltas in each coordinate, as far out as still hides among them:
     * "a little is enough" (Baruch et al. 2019, arXiv 1902.06156, algorithm 3).
     */
    static Attack littleIsEnough() {
        return (own, honest, byzantine, seed) -> {
            NDArray mean = mean(honest);
            NDArray variance = mean.zerosLike();
            for (ModelUpdate update : honest) {
                NDArray distance = update.delta().trainable().sub(mean);
                Kernels.addScaled(variance, distance.square(), 1.0 / honest.size());
            }
            Kernels.addScaled(mean, variance.sqrt(), -hidden(honest.size() + byzantine, byzantine));
            return mean;
        };
    }

    /**
     * How many standard deviations m of n clients may be off so that the honest majority it needs is farther out; 0
     * where they need no supporters, or all, for then the formula has no finite value.
     */
    static double hidden(int clients, int byzantine) {
        int supporters = clients / 2 + 1 - byzantine;
        double share = (clients - byzantine - supporters) / (double) (clients - byzantine);
        return share <= .5 || share >= 1 ? 0 : -Math.sqrt(2) * InverseErfc.value(2 * share);
    }

    private static NDArray mean(List<ModelUpdate> honest) {
        NDArray mean = honest.get(0).delta().trainable().zerosLike();
        honest.forEach(update -> Kernels.addScaled(mean, update.delta().trainable(), 1.0 / honest.size()));
        return mean;
    }
}
