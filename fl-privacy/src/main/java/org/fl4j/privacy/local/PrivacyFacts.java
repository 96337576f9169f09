package org.fl4j.privacy.local;

import org.fl4j.message.Fact;

/** What updates say of the noise that they carry. It follows from settings alone, and tells nothing of data. */
public final class PrivacyFacts {
    /** The standard deviation of normal noise on each coordinate, or the scale of Laplace noise. */
    public static final Fact<Double> NOISE_SCALE = Fact.ofSetting("privacy/noise scale");

    /** z of normal noise: its standard deviation in units of the clipping bound, before it is shared out. */
    public static final Fact<Double> GAUSSIAN_MULTIPLIER = Fact.ofSetting("privacy/gaussian multiplier");

    /** The scale of Laplace noise in units of the clipping bound. */
    public static final Fact<Double> LAPLACE_MULTIPLIER = Fact.ofSetting("privacy/laplace multiplier");

    /** What the update alone costs its client. */
    public static final Fact<Double> RELEASE_EPSILON = Fact.ofSetting("privacy/release epsilon");

    private PrivacyFacts() {}
}
