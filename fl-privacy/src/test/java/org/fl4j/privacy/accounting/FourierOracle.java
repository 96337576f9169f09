package org.fl4j.privacy.accounting;

import java.util.List;
import org.fl4j.privacy.accounting.SamplingScheme.Poisson;

/**
 * Delta of Gaussian noise under Poisson sampling by inverting the characteristic functions of the privacy loss
 * (Gil-Pelaez 1951): quadrature, no grid of losses and no transform. Good for delta of 1e-9 and more.
 */
final class FourierOracle {
    private static final int POINTS = 12_001;
    private static final double STEP = .04;

    private FourierOracle() {}

    /** Returns the larger delta of both directions. */
    static double delta(List<PrivacyEvent> events, double epsilon) {
        return Math.max(delta(events, epsilon, /* removed= */ true), delta(events, epsilon, /* removed= */ false));
    }

    private static double delta(List<PrivacyEvent> events, double epsilon, boolean removed) {
        double p = tail(events, epsilon, removed, /* underP= */ true);
        double q = tail(events, epsilon, removed, /* underP= */ false);
        return p - Math.exp(epsilon) * q;
    }

    private static double tail(List<PrivacyEvent> events, double epsilon, boolean removed, boolean underP) {
        double sum = 0;
        for (int k = 0; ; k++) {
            double t = (k + .5) * STEP;
            double logSize = 0;
            double angle = -t * epsilon;
            for (PrivacyEvent event : events) {
                double[] value = characteristic(event, t, removed, underP);
                logSize += event.rounds() * Math.log(Math.hypot(value[0], value[1]));
                angle += event.rounds() * Math.atan2(value[1], value[0]);
            }
            if (logSize < -45) {
                return .5 + sum / Math.PI;
            }
            sum += Math.exp(logSize) * Math.sin(angle) / (k + .5);
        }
    }

    /** The mean of {@code exp(i t loss)} under one of the two worlds, by the trapezoid rule. */
    private static double[] characteristic(PrivacyEvent event, double t, boolean removed, boolean underP) {
        double sigma = event.mechanism().noiseMultiplier();
        double rate = ((Poisson) event.sampling()).rate();
        double from = -16 * sigma;
        double width = (1 + 32 * sigma) / (POINTS - 1);
        double re = 0;
        double im = 0;
        boolean mixture = removed == underP;
        for (int i = 0; i < POINTS; i++) {
            double x = from + i * width;
            double loss = Math.log1p(rate * Math.expm1((2 * x - 1) / (2 * sigma * sigma)));
            double zero = Math.exp(-x * x / (2 * sigma * sigma));
            double one = Math.exp(-(x - 1) * (x - 1) / (2 * sigma * sigma));
            double density = (mixture ? (1 - rate) * zero + rate * one : zero) / (sigma * Math.sqrt(2 * Math.PI));
            double phase = t * (removed ? loss : -loss);
            re += density * Math.cos(phase) * width;
            im += density * Math.sin(phase) * width;
        }
        return new double[] {re, im};
    }
}
