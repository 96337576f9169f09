package org.fl4j.privacy.accounting;

import java.util.Arrays;
import java.util.List;

/** The law of the sum of all rounds' losses, on a grid. */
final class ComposedLoss {
    /** The mass that the window of losses may leave out at each end. */
    static final double NEGLIGIBLE = 1e-15;

    private final double step;
    private final long first; // the loss of masses[0] is first * step
    private final double[] masses;
    private final double infinite;

    private ComposedLoss(double step, long first, double[] masses, double infinite) {
        this.step = step;
        this.first = first;
        this.masses = masses;
        this.infinite = infinite;
    }

    /**
     * Composes laws on one grid.
     *
     * @param low below which the sum has negligible mass
     * @param high above which it has
     */
    static ComposedLoss of(List<PrivacyEvent> events, List<LossGrid> grids, double low, double high) {
        double step = grids.get(0).step();
        long from = (long) Math.floor(low / step);
        long points = (long) Math.ceil(high / step) - from + 2;
        int n = Integer.highestOneBit((int) Math.max(1, points - 1)) * 2;
        double[] re = new double[n];
        double[] im = new double[n];
        Arrays.fill(re, 1);
        double logFinite = 0;
        for (int e = 0; e < grids.size(); e++) {
            LossGrid grid = grids.get(e);
            double rounds = events.get(e).rounds();
            double[] x = new double[n];
            double[] y = new double[n];
            for (int i = 0; i < grid.masses().length; i++) {
                x[Math.floorMod(grid.first() + i, n)] += grid.masses()[i];
            }
            Fourier.transform(x, y);
            for (int k = 0; k < n; k++) {
                double size = Math.pow(Math.hypot(x[k], y[k]), rounds);
                double angle = Math.atan2(y[k], x[k]) * rounds;
                double a = size * Math.cos(angle);
                double b = size * Math.sin(angle);
                double c = re[k] * a - im[k] * b;
                im[k] = re[k] * b + im[k] * a;
                re[k] = c;
            }
            logFinite += rounds * Math.log1p(-grid.infinite());
        }
        Fourier.transform(re, im); // forwards again: element k is n times the mass at -k
        double[] masses = new double[n];
        for (int i = 0; i < n; i++) {
            masses[i] = Math.max(0, re[(int) Math.floorMod(-(from + i), (long) n)] / n);
        }
        return new ComposedLoss(step, from, masses, -Math.expm1(logFinite) + 2 * NEGLIGIBLE);
    }

    double delta(double epsilon) {
        double delta = infinite;
        for (int i = masses.length - 1; i >= 0; i--) {
            double loss = (first + i) * step;
            if (loss <= epsilon) {
                break;
            }
            delta += masses[i] * -Math.expm1(epsilon - loss);
        }
        return Math.min(1, delta);
    }

    /** Goes down the losses while delta, which is piecewise linear in e^epsilon, stays below the one asked for. */
    double epsilon(double delta) {
        if (infinite > delta) {
            return Double.POSITIVE_INFINITY;
        }
        double mass = infinite;
        double scaled = 0; // sum of mass exp(-loss)
        for (int i = masses.length - 1; i >= 0; i--) {
            double loss = (first + i) * step;
            if (mass - Math.exp(loss) * scaled >= delta || loss <= 0) {
                break;
            }
            mass += masses[i];
            scaled += masses[i] * Math.exp(-loss);
        }
        return mass <= delta ? 0 : Math.max(0, Math.log((mass - delta) / scaled));
    }
}
