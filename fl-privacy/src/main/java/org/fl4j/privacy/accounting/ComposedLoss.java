package org.fl4j.privacy.accounting;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The law of the sum of all rounds' losses, on a grid, tilted: each mass is multiplied by {@code exp(tilt loss)} before
 * the transform, and by its inverse afterwards (Esscher 1932). So the rounding of the transform, which is small beside
 * the largest masses, is small beside those that decide, however far out in the tail these are.
 */
final class ComposedLoss {
    /** The tilted mass that the window of losses may leave out at each end. */
    private static final double NEGLIGIBLE = 1e-15;

    /**
     * The rounding of a mass by a transform, and by the angles of one round, over the root of the sum of squared
     * masses.
     */
    private static final double ROUNDING = 1e-15;

    private static final double ROUNDING_OF_ONE = 2e-16;
    private static final double STEEPEST = 4;

    private final double step;
    private final long first; // the loss of masses[0] is first * step
    private final double[] masses; // tilted
    private final double tilt;
    private final double logMoment;
    private final double infinite;
    private final double addedVariance;
    private final double rounding; // of delta, over the tilted mass

    private ComposedLoss(
            double step,
            long first,
            double[] masses,
            double tilt,
            double logMoment,
            double infinite,
            double addedVariance,
            double rounding) {
        this.addedVariance = addedVariance;
        this.rounding = rounding;
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
        double addedVariance = 0;
        double all = 0;
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
            for (int k = 0; k <= n / 2; k++) { // the other half is conjugate, for masses are real
                double size = Math.pow(x[k] * x[k] + y[k] * y[k], rounds / 2.0);
                double angle = size == 0 ? 0 : Math.atan2(y[k], x[k]) * rounds;
                double a = size == 0 ? 0 : size * Math.cos(angle);
                double b = size == 0 ? 0 : size * Math.sin(angle);
                double c = re[k] * a - im[k] * b;
                im[k] = re[k] * b + im[k] * a;
                re[k] = c;
            }
            LossGrid grid = grids.get(e);
            addedVariance += rounds * grid.addedVariance();
            all += rounds;
            shift += rounds * (grid.first() + law.middle);
            logFinite += rounds * Math.log1p(-grid.infinite());
            logMoment += rounds * grid.logMoment(tilt);
        }
        for (int k = 1; k < n / 2; k++) {
            re[n - k] = re[k];
            im[n - k] = -im[k];
        }
        Fourier.transform(re, im); // forwards again: element k is n times the mass at -k
        double[] masses = new double[n];
        for (int i = 0; i < n; i++) {
            masses[i] = re[(int) Math.floorMod(-(from + i), (long) n)] / n; // noise below 0 too, for it cancels in sums
        }
        double leftOut = NEGLIGIBLE * Math.exp(Math.min(0, logMoment - tilt * step * (shift + from + n)));
        return Optional.of(new ComposedLoss(
                step,
                shift + from,
                masses,
                tilt,
                logMoment,
                -Math.expm1(logFinite) + 2 * leftOut,
                addedVariance,
                rounding(masses, tilt * step, all)));
    }

    /**
     * Returns the rounding of the tail of tilted masses: errors are independent, and count less by the tilt from point
     * to point.
     */
    private static double rounding(double[] masses, double tiltOfStep, double rounds) {
        double square = 0;
        for (double mass : masses) {
            square += mass * mass;
        }
        double points = Math.min(masses.length, 1 / tiltOfStep);
        return (ROUNDING + ROUNDING_OF_ONE * rounds) * Math.sqrt(square * points);
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

    /** Returns the rounding of delta at an epsilon. */
    double roundingAt(double epsilon) {
        return rounding * Math.exp(logMoment - tilt * epsilon);
    }

    /** Returns the rounding of an epsilon that was found. */
    double roundingOfEpsilon(double epsilon) {
        return roundingAt(epsilon) / slope(epsilon);
    }

    /**
     * Returns the sum of masses above epsilon times {@code exp(epsilon - loss)}: what delta loses where epsilon grows.
     */
    private double slope(double epsilon) {
        double sum = 0;
        for (int i = masses.length - 1; i >= 0 && (first + i) * step > epsilon; i--) {
            sum += mass(i) * Math.exp(epsilon - (first + i) * step);
        }
        return sum;
    }

    /** Returns the density of losses around a point. */
    private double density(double loss) {
        long i = (long) Math.floor(loss / step) - first;
        return i < 0 || i + 1 >= masses.length ? 0 : Math.max(0, (mass((int) i) + mass((int) i + 1)) / (2 * step));
    }

    /**
     * Returns by how much delta at an epsilon may be too high, where the law {@linkplain #isSmoothAround is smooth}:
     * splitting losses between points adds variance v, which raises delta by v / 2 times the density of losses at
     * epsilon. Losses that count as infinite may add all of their mass.
     */
    double errorOfDelta(double epsilon) {
        double width = width();
        double most = 0;
        for (int i = -2; i <= 2; i++) {
            most = Math.max(most, density(epsilon + i * width));
        }
        return addedVariance / 2 * most + infinite + roundingAt(epsilon);
    }

    /** Returns whether the density of losses changes little within the deviation that splitting adds. */
    boolean isSmoothAround(double epsilon) {
        double width = width();
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (int i = -2; i <= 2; i++) {
            double density = density(epsilon + i * width);
            least = Math.min(least, density);
            most = Math.max(most, density);
        }
        return most <= STEEPEST * least;
    }

    private double width() {
        return Math.max(step, Math.sqrt(addedVariance));
    }

    /** Returns by how much an epsilon that was found may be too high. */
    double errorOfEpsilon(double epsilon) {
        return errorOfDelta(epsilon) / slope(epsilon);
    }

    double delta(double epsilon) {
        double delta = infinite + roundingAt(epsilon);
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
        if (delta(0) <= delta) {
            return 0;
        }
        double epsilon = Math.max(0, last + Math.log(excess / scaled));
        return epsilon + roundingOfEpsilon(epsilon);
    }
}
