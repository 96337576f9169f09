package org.fl4j.privacy.clipping;

import ai.djl.ndarray.NDArray;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scales an update down to a bound on its p-norm, all trainable parameters jointly; shorter updates pass as they are,
 * and buffers are not touched (McMahan et al. 2018, arXiv 1710.06963, "flat clipping"). Tells the norm before clipping,
 * {@link TrainingFacts#UPDATE_NORM}, and measures {@code train/clipped}, the share of updates that were scaled.
 *
 * <p>The norm of the result, in float32 as it is sent, never exceeds the bound. This bounds influence; it is not
 * differential privacy, for it adds no noise.
 *
 * @param clippingBound positive
 * @param p at least 1, or infinite for the largest magnitude; 2 for Gaussian noise, 1 for Laplace noise
 */
public record NormClipping(double clippingBound, double p) implements UpdateTransform {
    private static final Logger LOG = LoggerFactory.getLogger(NormClipping.class);

    /** The norm of the rounded result must not exceed the bound, so it is aimed this much below it. */
    private static final double ROUNDING_MARGIN = 1e-6;

    private static final double LEAST_SCALE = 1e-37; // below it float32 loses digits

    /** Checks both. */
    public NormClipping {
        Check.positive("clippingBound", clippingBound);
        Check.that(p >= 1, "p", "at least 1", p);
    }

    /** Bounds the Euclidean norm. */
    public NormClipping(double clippingBound) {
        this(clippingBound, 2);
    }

    /**
     * Adds a delta's trainable part, scaled down to a bound on its Euclidean norm if it is longer, and nothing if it is
     * not finite, or so long that float32 cannot scale it.
     */
    public static void addClipped(ParameterVector sum, ParameterVector delta, double bound) {
        ParameterVector here = delta.on(sum.floats().getDevice());
        addClipped(sum.trainable(), here.trainable(), bound);
        if (here != delta) {
            here.close();
        }
    }

    /** The same of arrays on one device; returns the norm before clipping. */
    public static double addClipped(NDArray sum, NDArray values, double bound) {
        double norm = Kernels.norm(values);
        double scale = norm > bound ? bound / norm * (1 - ROUNDING_MARGIN) : 1;
        if (Double.isFinite(norm) && scale >= LEAST_SCALE) {
            Kernels.addScaled(sum, values, scale);
        }
        return norm;
    }

    @Override
    public boolean readsDelta() {
        return true;
    }

    @Override
    public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
        double norm = Kernels.norm(update.delta().trainable(), p);
        boolean clip = norm > clippingBound;
        ModelUpdate told =
                update.with(TrainingFacts.UPDATE_NORM, norm).withMetrics(Metrics.of("train/clipped", clip ? 1 : 0, 1));
        LOG.atDebug()
                .addKeyValue("round", task.round())
                .addKeyValue("client", task.client().index())
                .addKeyValue("norm", norm)
                .addKeyValue("coefficient", clip ? clippingBound / norm : 1)
                .log("clipped an update");
        if (!clip || !Double.isFinite(norm)) { // a broken update is the server's to reject
            return told;
        }
        ParameterVector clipped = update.delta().copy();
        for (double left = norm; left > clippingBound; left = Kernels.norm(clipped.trainable(), p)) {
            clipped.trainable()
                    .muli(clippingBound * (1 - ROUNDING_MARGIN) / left); // again where float32 rounded the scale
        }
        return told.withDelta(clipped);
    }
}
