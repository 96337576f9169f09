package org.fl4j.privacy.accounting;

import java.util.Arrays;

/**
 * A privacy loss on a grid of step h that is never better than the true one: each bit of mass between two points is
 * split between them so that both worlds keep their mass, which connects the dots of the privacy curve (Doroshenko et
 * al. 2022, arXiv 2207.04380).
 */
final class LossGrid {
    private final double step;
    private final int first; // the loss of masses[0] is first * step
    private final double[] masses;
    private final double[] logMasses;
    private final double infinite;
    private final double addedVariance;

    LossGrid(PrivacyLoss loss, double step) {
        this.step = step;
        first = (int) Math.floor(loss.least() / step);
        int last = (int) Math.ceil(loss.largest() / step);
        masses = new double[last - first + 1];
        double shrink = -Math.expm1(-step);
        double spread = 0;
        for (int i = 0; i + 1 < masses.length; i++) {
            double from = (first + i) * step;
            double to = from + step;
            double mass = loss.mass(from, to);
            double other = loss.otherMass(from, to);
            double upper = from > 700 ? mass : (mass - other * Math.exp(from)) / shrink; // e^from would overflow
            upper = Math.min(mass, Math.max(0, upper));
            masses[i] += mass - upper;
            masses[i + 1] += upper;
            spread += mass == 0 ? 0 : upper * (mass - upper) / mass;
        }
        addedVariance = spread * step * step;
        infinite = loss.massAbove(last * step);
        masses[0] += Math.max(0, loss.mass(Double.NEGATIVE_INFINITY, first * step)); // rounded up
        logMasses = Arrays.stream(masses).map(Math::log).toArray();
    }

    double step() {
        return step;
    }

    int first() {
        return first;
    }

    int points() {
        return masses.length;
    }

    /** Returns the probability of an infinite loss. */
    double infinite() {
        return infinite;
    }

    /** Returns the logarithm of the mean of {@code exp(order loss)}. */
    double logMoment(double order) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < masses.length; i++) {
            highest = Math.max(highest, order * (first + i) * step + logMasses[i]);
        }
        double sum = 0;
        for (int i = 0; i < masses.length; i++) {
            double log = order * (first + i) * step + logMasses[i] - highest;
            sum += log < -45 ? 0 : Math.exp(log);
        }
        return highest + Math.log(sum);
    }

    /**
     * Returns by how much splitting raised the variance of losses, at most: a quarter of the step's square, or less.
     */
    double addedVariance() {
        return addedVariance;
    }

    /** Returns the variance of finite losses. */
    double variance() {
        double mean = 0;
        for (int i = 0; i < masses.length; i++) {
            mean += masses[i] * (first + i) * step;
        }
        double variance = 0;
        for (int i = 0; i < masses.length; i++) {
            double off = (first + i) * step - mean;
            variance += masses[i] * off * off;
        }
        return variance;
    }

    /** Returns the masses times {@code exp(order loss)}, scaled to a sum of 1. */
    double[] tilted(double order) {
        double logMoment = logMoment(order);
        double[] tilted = new double[masses.length];
        for (int i = 0; i < tilted.length; i++) {
            tilted[i] = Math.exp(order * (first + i) * step + logMasses[i] - logMoment);
        }
        return tilted;
    }
}
