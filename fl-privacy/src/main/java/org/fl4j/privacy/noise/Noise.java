package org.fl4j.privacy.noise;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
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
            float[] noise = new float[Math.toIntExact(values.size())];
            if (random instanceof BulkGenerator bulk) {
                Ziggurat.fill(noise, deviation, bulk);
            } else {
                for (int i = 0; i < noise.length; i++) {
                    noise[i] = (float) (deviation * random.nextGaussian());
                }
            }
            add(values, noise);
        }
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
                NDArray here = Tensors.copy(drawn, values.getDevice())) {
            Kernels.addScaled(values, here, 1);
        }
    }
}
