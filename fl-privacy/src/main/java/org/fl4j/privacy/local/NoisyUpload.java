package org.fl4j.privacy.local;

import static org.fl4j.privacy.local.PrivacyFacts.GAUSSIAN_MULTIPLIER;
import static org.fl4j.privacy.local.PrivacyFacts.LAPLACE_MULTIPLIER;
import static org.fl4j.privacy.local.PrivacyFacts.NOISE_SCALE;

import java.util.random.RandomGenerator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.tensor.ParameterVector;

/**
 * Clips an update and adds noise on the client: the last upload transform. Tells {@link PrivacyFacts#NOISE_SCALE}, and
 * {@link PrivacyFacts#GAUSSIAN_MULTIPLIER} or {@link PrivacyFacts#LAPLACE_MULTIPLIER}. An update that is not finite
 * counts as zeros: that it was broken stays hidden too.
 *
 * <p>{@linkplain #local Local}: each update is private by itself, whoever sees it; one release costs what {@link
 * org.fl4j.privacy.accounting.GaussianMechanism} says, or 1 / z for Laplace noise, and sampling does not lessen it for
 * one who sees updates. {@linkplain #share Distributed}: each client adds its share, and the sum of all shares is
 * central noise, for one who sees the sum alone, which secure aggregation is for ({@link
 * org.fl4j.privacy.secure.SecureSum}). Neither is bound to an accountant: for that see {@link LocalDp} and {@link
 * org.fl4j.privacy.secure.DistributedDp}.
 *
 * <p>Models with buffers are refused, for statistics of the client's data would leave without noise; so would metrics,
 * which are for the experimenter's eyes.
 *
 * @param clippingBound C, positive; of the Euclidean norm for normal noise, of the sum of magnitudes for Laplace noise
 * @param mechanism what noise, of scale z C before it is shared out
 * @param shares how many clients make up the noise together, at least 1
 * @param noise where it comes from
 */
public record NoisyUpload(double clippingBound, Mechanism mechanism, int shares, NoiseSource noise)
        implements UpdateTransform {
    /** Checks all. Only normal noise can be shared, for sums of Laplace noise are not Laplace noise. */
    public NoisyUpload {
        Check.positive("clippingBound", clippingBound);
        Check.present("mechanism", mechanism);
        Check.positive("shares", shares);
        Check.present("noise", noise);
        Check.that(
                shares == 1 || mechanism instanceof Mechanism.Gaussian,
                "mechanism of shared noise",
                "Gaussian, whose shares add up",
                mechanism);
    }

    /** Adds all of the noise to each update. */
    public static NoisyUpload local(double clippingBound, Mechanism mechanism, NoiseSource noise) {
        return new NoisyUpload(clippingBound, mechanism, 1, noise);
    }

    /**
     * Adds {@code z C / sqrt(n)} to each update, n being the least number of clients that survive a round: more of them
     * only add more noise.
     */
    public static NoisyUpload share(
            double clippingBound, double noiseMultiplier, int leastSurvivors, NoiseSource noise) {
        return new NoisyUpload(clippingBound, new Mechanism.Gaussian(noiseMultiplier), leastSurvivors, noise);
    }

    @Override
    public boolean readsDelta() {
        return true;
    }

    @Override
    public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
        Noise.requireNoBuffers(update.delta().layout());
        Noise.requireNoAttachments(update);
        boolean laplace = mechanism instanceof Mechanism.Laplace;
        ModelUpdate clipped = new NormClipping(clippingBound, laplace ? 1 : 2).transform(update, task);
        ParameterVector noisy;
        if (clipped.delta().isFinite()) {
            noisy = clipped.delta().copy();
        } else {
            noisy = ParameterVector.zeros(
                    update.delta().layout(), update.delta().floats().getManager());
        }
        if (clipped.delta() != update.delta()) {
            clipped.delta().close();
        }
        double scale = mechanism.noiseMultiplier() * clippingBound / Math.sqrt(shares);
        RandomGenerator random = noise.generator(task.seed("client noise"));
        if (laplace) {
            Noise.addLaplace(noisy.trainable(), scale, random);
        } else {
            Noise.addGaussian(noisy.trainable(), scale, random);
        }
        return clipped.withDelta(noisy)
                .with(NOISE_SCALE, scale)
                .with(laplace ? LAPLACE_MULTIPLIER : GAUSSIAN_MULTIPLIER, mechanism.noiseMultiplier());
    }

    /** Returns the mechanism that an update tells of. */
    static Mechanism mechanism(Facts sent) {
        return sent.find(LAPLACE_MULTIPLIER).isPresent()
                ? new Mechanism.Laplace(sent.get(LAPLACE_MULTIPLIER))
                : new Mechanism.Gaussian(sent.get(GAUSSIAN_MULTIPLIER));
    }
}
