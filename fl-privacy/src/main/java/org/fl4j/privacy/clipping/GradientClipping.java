package org.fl4j.privacy.clipping;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.tensor.Kernels;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clips gradients in place as PyTorch's {@code clip_grad_norm_} and {@code clip_grad_value_} do, epsilon and all. For
 * differential privacy take {@link NormClipping}: the epsilon here lets tiny norms through unscaled in proportion, and
 * a NaN passes.
 */
public final class GradientClipping {
    private static final Logger LOG = LoggerFactory.getLogger(GradientClipping.class);
    private static final double EPSILON = 1e-6;

    private GradientClipping() {}

    /**
     * Multiplies all gradients by {@code min(1, maxNorm / (norm + 1e-6))}, norm being the p-norm of all elements
     * together.
     *
     * @param gradients float arrays, on any devices
     * @param maxNorm at least 0
     * @param p at least 1, or infinite
     * @return the norm before clipping; 0 if there are no gradients
     * @throws ArithmeticException if the norm is not finite and the policy is to raise
     */
    public static double clipNorm(List<NDArray> gradients, double maxNorm, double p, NonFinitePolicy policy) {
        Check.notNegative("maxNorm", maxNorm);
        double norm = norm(gradients, p);
        scale(gradients, norm, maxNorm, policy);
        return norm;
    }

    /**
     * Clips shards of one set of gradients, each shard on a device or tier of its own, by the norm of them all.
     *
     * @param shards each of some gradients, none of which is in two shards
     * @return the norm before clipping
     */
    public static double clipNormOfShards(
            List<List<NDArray>> shards, double maxNorm, double p, NonFinitePolicy policy) {
        Check.notNegative("maxNorm", maxNorm);
        double norm = shardedNorm(
                p, shards.stream().mapToDouble(shard -> norm(shard, p)).toArray());
        shards.forEach(shard -> scale(shard, norm, maxNorm, policy));
        return norm;
    }

    /** Returns what gradients of this norm are multiplied by. */
    public static double coefficient(double norm, double maxNorm) {
        return Math.min(1, maxNorm / (norm + EPSILON));
    }

    /** Clamps every element to {@code [-bound, bound]}; the bound is at least 0. */
    public static void clipValue(List<NDArray> gradients, double bound) {
        Check.notNegative("bound", bound);
        gradients.forEach(gradient -> {
            try (NDArray clamped = gradient.clip(-bound, bound)) {
                Kernels.copy(clamped, gradient);
            }
        });
    }

    /** Returns the p-norm of all elements together; 0 of none. */
    public static double norm(List<NDArray> gradients, double p) {
        Check.that(p >= 1, "p", "at least 1", p);
        return shardedNorm(
                p,
                gradients.stream()
                        .mapToDouble(gradient -> Kernels.norm(gradient, p))
                        .toArray());
    }

    /**
     * Returns the norm of the whole from the norms of its shards: the p-th root of the sum of p-th powers, or the
     * largest.
     */
    public static double shardedNorm(double p, double... shardNorms) {
        Check.that(p >= 1, "p", "at least 1", p);
        double largest = 0;
        for (double norm : shardNorms) {
            if (!(norm <= largest)) { // NaN too
                largest = norm;
            }
        }
        if (Double.isInfinite(p) || largest == 0 || !Double.isFinite(largest)) {
            return largest;
        }
        double scale = largest; // so that powers neither overflow nor vanish
        return scale
                * Math.pow(
                        Arrays.stream(shardNorms)
                                .map(norm -> Math.pow(norm / scale, p))
                                .sum(),
                        1 / p);
    }

    /**
     * Returns the norm of the whole from norms of copies: that of each of them.
     *
     * @throws IllegalArgumentException if copies differ by more than a relative 1e-5
     */
    public static double replicatedNorm(double... copyNorms) {
        Check.that(copyNorms.length > 0, "copies", "one at least", copyNorms.length);
        for (double norm : copyNorms) {
            Check.that(
                    Math.abs(norm - copyNorms[0]) <= 1e-5 * Math.abs(copyNorms[0]),
                    "norm of a replicated gradient",
                    "that of the other copies, " + copyNorms[0],
                    norm);
        }
        return copyNorms[0];
    }

    private static void scale(List<NDArray> gradients, double norm, double maxNorm, NonFinitePolicy policy) {
        if (!Double.isFinite(norm)) {
            if (policy == NonFinitePolicy.RAISE) {
                throw new ArithmeticException("norm of gradients must be finite, but was " + norm);
            }
            LOG.atWarn().addKeyValue("norm", norm).addKeyValue("policy", policy).log("gradients are not finite");
            if (policy != NonFinitePolicy.SCALE) {
                if (policy == NonFinitePolicy.ZERO) {
                    gradients.forEach(gradient -> {
                        try (NDArray zeros = gradient.zerosLike()) {
                            Kernels.copy(zeros, gradient);
                        }
                    });
                }
                return;
            }
        }
        double coefficient = coefficient(norm, maxNorm);
        LOG.atDebug()
                .addKeyValue("norm", norm)
                .addKeyValue("maxNorm", maxNorm)
                .addKeyValue("coefficient", coefficient)
                .log("clipped gradients");
        gradients.forEach(gradient -> gradient.muli(coefficient));
    }
}
