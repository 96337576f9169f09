package org.fl4j.privacy.accounting;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The law of the sum of all rounds' losses, on a grid, tilted: each mass is multiplied by {@code exp(tilt loss)} before the
 * transform, and by its inverse afterwards (Esscher 1932). So the rounding of the transform, which is small beside the largest
 * masses, is small beside those that decide, however far out in the tail these are.
 */
final class ComposedLoss {
    /** The tilted mass that the window of losses may leave out at each end. */
    private static final double NEGLIGIBLE = 1e-15;

    private final double step;
    private final long first; // the loss of masses[0] is first * step
    private final double[] masses; // tilted
    private final double tilt;
    private final double logMoment;
    private final double infinite;

    private ComposedLoss(double step, long first, double[] masses, double tilt, double logMoment, double infinite) {
        this.step = step;
        this.first = first;
        this.masses = masses;
        this.tilt = tilt;
        this.logMoment = logMoment;
        this.infinite = infinite;
    }

    /** One round's tilted law, and where its mean is on the grid. */
    private static final class Tilted {
        private final double[] masses;
        private final long middle;
        private final double variance;

        private Tilted(double[] masses, long middle, double variance) {
            this.masses = masses;
            this.middle = middle;
            this.variance = variance;
        }

        static Tilted of(LossGrid grid, double tilt) {
            double[] masses = grid.tilted(tilt);
            double mean = 0;
            for (int i = 0; i < masses.length; i++) {
                mean += i * masses[i];
            }
            double variance = 0;
            for (int i = 0; i < masses.length; i++) {
                variance += (i - mean) * (i - mean) * masses[i];
            }
            return new Tilted(masses, Math.round(mean), variance);
        }

        /** The logarithm of the mean of {@code exp(order (i - middle))}. */
        double logMoment(double order) {
            double sum = 0;
            for (int i = 0; i < masses.length; i++) {
                sum += masses[i] == 0 ? 0 : masses[i] * Math.exp(order * (i - middle));
            }
            return Math.log(sum);
        }
    }

    /**
     * Composes laws on one grid.
     *
     * @param tilt at least 0
     * @param mostPoints of the window
     * @return empty if the sum needs a wider window
     */
    static Optional<ComposedLoss> of(List<PrivacyEvent> events, List<LossGrid> grids, double tilt, int mostPoints) {
        double step = grids.get(0).step();
        List<Tilted> laws = grids.stream().map(grid -> Tilted.of(grid, tilt)).toList();
        double below = -bound(events, laws, -1);
        double above = bound(events, laws, 1);
        if (!(above - below + 2 < mostPoints)) {
            return Optional.empty();
        }
        int n = Integer.highestOneBit((int) Math.max(1, above - below + 2)) * 2;
        long from = (long) Math.floor(below);
        double[] re = new double[n];
        double[] im = new double[n];
        Arrays.fill(re, 1);
        double logFinite = 0;
        double logMoment = 0;
        long shift = 0;
        for (int e = 0; e < grids.size(); e++) {
            Tilted law = laws.get(e);
            long rounds = events.get(e).rounds();
            double[] x = new double[n];
            double[] y = new double[n];
            for (int i = 0; i < law.masses.length; i++) {
                x[(int) Math.floorMod(i - law.middle, (long) n)] += law.masses[i]; // angles stay small
            }
            Fourier.transform(x, y);
            for (int k = 0; k < n; k++) {
                double size = Math.pow(Math.hypot(x[k], y[k]), (double) rounds);
                double angle = Math.atan2(y[k], x[k]) * rounds;
                double a = size * Math.cos(angle);
                double b = size * Math.sin(angle);
                double c = re[k] * a - im[k] * b;
                im[k] = re[k] * b + im[k] * a;
                re[k] = c;
            }
            LossGrid grid = grids.get(e);
            shift += rounds * (grid.first() + law.middle);
            logFinite += rounds * Math.log1p(-grid.infinite());
            logMoment += rounds * grid.logMoment(tilt);
        }
        Fourier.transform(re, im); // forwards again: element k is n times the mass at -k
        double[] masses = new double[n];
        for (int i = 0; i < n; i++) {
            masses[i] = Math.max(0, re[(int) Math.floorMod(-(from + i), (long) n)] / n);
        }
        double leftOut = NEGLIGIBLE * Math.exp(Math.min(0, logMoment - tilt * step * (shift + from + n)));
        return Optional.of(
                new ComposedLoss(step, shift + from, masses, tilt, logMoment, -Math.expm1(logFinite) + 2 * leftOut));
    }

    /** Returns how many points from the middle the sum ends but for a negligible mass, by Chernoff's bound. */
    private static double bound(List<PrivacyEvent> events, List<Tilted> laws, int sign) {
        double variance = 0;
        for (int i = 0; i < laws.size(); i++) {
            variance += events.get(i).rounds() * laws.get(i).variance;
        }
        double best = Double.POSITIVE_INFINITY;
        for (double deviations = 1.0 / 64; deviations <= 64; deviations *= 2) {
            double order = deviations / Math.sqrt(Math.max(variance, 1e-6));
            double log = 0;
            for (int i = 0; i < laws.size(); i++) {
                log += events.get(i).rounds() * laws.get(i).logMoment(sign * order);
            }
            if (Double.isFinite(log)) {
                best = Math.min(best, (log - Math.log(NEGLIGIBLE)) / order);
            }
        }
        return Math.max(1, best);
    }

    private double mass(int i) {
        return masses[i] == 0 ? 0 : masses[i] * Math.exp(logMoment - tilt * (first + i) * step);
    }

    double delta(double epsilon) {
        double delta = infinite;
        for (int i = masses.length - 1; i >= 0; i--) {
            double loss = (first + i) * step;
            if (loss <= epsilon) {
                break;
            }
            delta += mass(i) * -Math.expm1(epsilon - loss);
        }
        return Math.min(1, delta);
    }

    /** Goes down the losses while delta, which is piecewise linear in e^epsilon, stays below the one asked for. */
    double epsilon(double delta) {
        if (infinite > delta) {
            return Double.POSITIVE_INFINITY;
        }
        double excess = infinite - delta;
        double scaled = 0; // sum of mass exp(last - loss)
        double last = (first + masses.length) * step;
        for (int i = masses.length - 1; i >= 0; i--) {
            double loss = (first + i) * step;
            if (loss <= 0) {
                break;
            }
            double next = scaled * Math.exp(loss - last);
            if (excess - next >= 0) {
                break;
            }
            double mass = mass(i);
            excess += mass;
            scaled = next + mass;
            last = loss;
        }
        return excess <= 0 ? 0 : Math.max(0, last + Math.log(excess / scaled));
    }
}
