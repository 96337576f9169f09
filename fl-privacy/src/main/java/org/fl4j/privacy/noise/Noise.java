package org.fl4j.privacy.noise;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.SharedFloats;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/**
 * Adds noise to tensors. The noise is drawn in float64 and added in float32; the floating-point attacks on textbook
 * samplers (Mironov 2012) apply to what is released, so for adversaries that see every bit use a discrete mechanism.
 */
public final class Noise {
    private static final String CLAIM = "privacy/";

    private Noise() {}

    /**
     * Refuses models with buffers: noise covers trainable parameters, and running statistics would leave clients
     * without.
     */
    public static void requireNoBuffers(ParameterLayout layout) {
        Check.that(
                !layout.hasBuffers(),
                "model under differential privacy",
                "without buffers, for running statistics would leave clients without noise",
                layout.parameters().stream()
                        .filter(entry -> entry.role() != ParameterRole.TRAINABLE)
                        .map(ParameterLayout.Entry::name)
                        .toList());
    }

    /** Refuses updates with attachments, which would leave clients as they are. */
    public static void requireNoAttachments(ModelUpdate update) {
        Check.that(
                update.attachments().isEmpty(),
                "attachments of an update under differential privacy",
                "none, for they would leave without noise",
                update.attachments().keySet());
    }

    /**
     * Returns an update without facts and metrics named {@code privacy/}: only the part of a run that adds the noise
     * may report noise and its cost.
     */
    public static ModelUpdate withoutClaims(ModelUpdate update) {
        Map<String, Metric> kept = new TreeMap<>(update.metrics().values());
        kept.keySet().removeIf(name -> name.startsWith(CLAIM));
        Facts facts = update.facts().where(fact -> !fact.name().startsWith(CLAIM));
        return update.with(update.receipt().with(facts, new Metrics(kept)));
    }

    /** Adds normal noise of a standard deviation of at least 0 to a float32 tensor, in place. */
    public static void addGaussian(NDArray values, double deviation, RandomGenerator random) {
        Check.notNegative("deviation", deviation);
        if (deviation > 0) {
            int count = Math.toIntExact(values.size());
            try (NDManager cpu = TensorEngine.newManager(Device.cpu());
                    NDArray drawn = gaussian(count, deviation, random, new SharedFloats(cpu));
                    NDArray here = drawn.toDevice(values.getDevice(), /* copy= */ false);
                    NDArray shaped = here.reshape(values.getShape())) {
                Kernels.addScaled(values, shaped, 1);
            }
        }
    }

    /**
     * Draws normal noise into memory that is used again and again: a float32 vector that is valid until the next use.
     *
     * @param deviation its standard deviation, at least 0
     */
    public static NDArray gaussian(int count, double deviation, RandomGenerator random, SharedFloats memory) {
        return memory.fill(count, normal(Check.notNegative("deviation", deviation), random));
    }

    private static Consumer<float[]> normal(double deviation, RandomGenerator random) {
        if (random instanceof BulkGenerator bulk) {
            Ziggurat ziggurat = new Ziggurat(bulk);
            return block -> ziggurat.fill(block, deviation);
        }
        return block -> {
            for (int i = 0; i < block.length; i++) {
                block[i] = (float) (deviation * random.nextGaussian());
            }
        };
    }

    /** Adds Laplace noise of a scale of at least 0 to a float32 tensor, in place. */
    public static void addLaplace(NDArray values, double scale, RandomGenerator random) {
        Check.notNegative("scale", scale);
        if (scale > 0) {
            float[] noise = new float[Math.toIntExact(values.size())];
            for (int i = 0; i < noise.length; i++) {
                double magnitude = scale * random.nextExponential();
                noise[i] = (float) (random.nextBoolean() ? magnitude : -magnitude);
            }
            add(values, noise);
        }
    }

    private static void add(NDArray values, float... noise) {
        try (NDArray drawn = Tensors.create(values.getManager(), noise, values.getShape());
                NDArray here = drawn.toDevice(values.getDevice(), /* copy= */ false)) {
            Kernels.addScaled(values, here, 1);
        }
    }
}
