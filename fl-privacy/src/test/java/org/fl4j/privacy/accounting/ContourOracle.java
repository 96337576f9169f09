package org.fl4j.privacy.accounting;

import java.util.function.DoubleUnaryOperator;

/**
 * Delta of Gaussian noise under Poisson sampling by an inverse Laplace transform: with {@code K(s)} the mean of
 * {@code exp(s loss)} of one round,
 * {@code delta = 1 / (2 pi i) integral of K(s)^rounds exp(-s epsilon) / (s (s + 1)) ds} along the vertical line through
 * the saddle point. Shares no code with the accountants: quadrature, no grid of losses and no Fourier transform.
 * Relative to delta, so good for small ones too.
 */
final class ContourOracle {
    private static final int POINTS = 8001;
    private static final int MOST_STEPS = 20_000;
    private static final double ENOUGH = 1e-7;
    private static final double LEFT_OUT =
            1e-8; // of delta, so that a moment is not that of losses which hardly ever occur
    private static final double CONDITION = 1e-3;

    private final double rate;
    private final double sigma;
    private final double rounds;
    private final boolean removed;

    private final double end;

    private ContourOracle(double rate, double sigma, double rounds, boolean removed, double about) {
        double negligible = LEFT_OUT * about / rounds;
        end = removed ? Math.max(sigma * far(negligible / 2), 1 + sigma * far(negligible / (2 * rate))) : 12 * sigma;
        this.rate = rate;
        this.sigma = sigma;
        this.rounds = rounds;
        this.removed = removed;
    }

    /** Deviations that a normal variable exceeds with this probability at most. */
    private static double far(double probability) {
        return Math.sqrt(Math.max(0, -2 * Math.log(2 * probability)));
    }

    /**
     * Returns the larger delta of both directions; not a number if the integral does not converge fast enough.
     *
     * @param about the delta that is expected, for what may be left out beside it
     */
    static double delta(double rate, double sigma, long rounds, double epsilon, double about) {
        double removed = new ContourOracle(rate, sigma, rounds, true, about).delta(epsilon);
        double added = new ContourOracle(rate, sigma, rounds, false, about).delta(epsilon);
        return Math.max(removed, added);
    }

    /**
     * Losses of one round at the points of a quadrature, and their densities times
     * {@code exp(order loss - log moment)}.
     */
    private final class Tilted {
        private final double[] losses = new double[POINTS];
        private final double[] weights = new double[POINTS];
        private final double logMoment;

        Tilted(double order) {
            double from = -12 * sigma;
            double width = (end - from) / (POINTS - 1);
            double highest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < POINTS; i++) {
                double x = from + i * width;
                double exponent = (2 * x - 1) / (2 * sigma * sigma);
                double ratio = exponent > 500 ? exponent + Math.log(rate) : Math.log1p(rate * Math.expm1(exponent));
                losses[i] = removed ? ratio : -ratio;
                double logDensity = -x * x / (2 * sigma * sigma) + (removed ? ratio : 0);
                weights[i] = logDensity + order * losses[i];
                highest = Math.max(highest, weights[i]);
            }
            double sum = 0;
            for (int i = 0; i < POINTS; i++) {
                weights[i] = Math.exp(weights[i] - highest);
                sum += weights[i];
            }
            for (int i = 0; i < POINTS; i++) {
                weights[i] /= sum;
            }
            logMoment = highest + Math.log(sum * width / (sigma * Math.sqrt(2 * Math.PI)));
        }
    }

    private double delta(double epsilon) {
        DoubleUnaryOperator height = logOrder -> {
            double order = Math.exp(logOrder);
            return rounds * new Tilted(order).logMoment - order * epsilon - logOrder - Math.log1p(order);
        };
        double logOrder = minimum(height, Math.log(1e-3), Math.log(1e7));
        double order = Math.exp(logOrder);
        Tilted tilted = new Tilted(order);
        double mean = 0;
        double square = 0;
        for (int i = 0; i < POINTS; i++) {
            mean += tilted.weights[i] * tilted.losses[i];
            square += tilted.weights[i] * tilted.losses[i] * tilted.losses[i];
        }
        double deviation = Math.sqrt(Math.max(0, square - mean * mean) * rounds);
        double step = Math.min(order / 8, 1 / (3 * deviation));
        double[] re = tilted.weights.clone();
        double[] im = new double[POINTS];
        double[] cosines = new double[POINTS];
        double[] sines = new double[POINTS];
        for (int i = 0; i < POINTS; i++) {
            cosines[i] = Math.cos(step * (tilted.losses[i] - mean)); // around the mean, so that angles stay small
            sines[i] = Math.sin(step * (tilted.losses[i] - mean));
        }
        double sum = 0;
        double sizes = 0;
        int small = 0;
        for (int k = 0; k < MOST_STEPS; k++) {
            double a = 0;
            double b = 0;
            for (int i = 0; i < POINTS; i++) {
                a += re[i];
                b += im[i];
                double x = re[i] * cosines[i] - im[i] * sines[i];
                im[i] = re[i] * sines[i] + im[i] * cosines[i];
                re[i] = x;
            }
            double t = k * step;
            // K^rounds exp(-i t epsilon) / (s (s + 1)), relative to its value at t = 0
            double logSize = rounds * Math.log(Math.hypot(a, b))
                    - Math.log(Math.hypot(order, t) / order)
                    - Math.log(Math.hypot(order + 1, t) / (order + 1));
            double angle = rounds * Math.atan2(b, a)
                    + t * (rounds * mean - epsilon)
                    - Math.atan2(t, order)
                    - Math.atan2(t, order + 1);
            double term = Math.exp(logSize);
            sum += term * Math.cos(angle) * (k == 0 ? .5 : 1);
            sizes += term;
            double rest = term * Math.max(1, 1 / (step * Math.max(epsilon, 1 / order)));
            small = rest < ENOUGH * Math.abs(sum) ? small + 1 : 0;
            if (small == 20) {
                return Math.abs(sum) < CONDITION * sizes
                        ? Double.NaN
                        : Math.exp(height.applyAsDouble(logOrder)) * sum * step / Math.PI;
            }
        }
        return Double.NaN;
    }

    private static double minimum(DoubleUnaryOperator function, double low, double high) {
        double a = low;
        double b = high;
        double golden = (Math.sqrt(5) - 1) / 2;
        for (int i = 0; i < 40; i++) {
            double left = b - golden * (b - a);
            double right = a + golden * (b - a);
            if (function.applyAsDouble(left) < function.applyAsDouble(right)) {
                b = right;
            } else {
                a = left;
            }
        }
        return (a + b) / 2;
    }
}
