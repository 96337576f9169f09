package org.fl4j.privacy.accounting;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.numbers.gamma.Erfc;
import org.apache.commons.numbers.gamma.Erfcx;
import org.apache.commons.numbers.gamma.LogGamma;
import org.fl4j.internal.Check;

/** The Renyi divergence of one round: at least 0, or infinite. */
final class RenyiDivergence {
    private static final double NEGLIGIBLE = -34; // of the logarithm of a term

    private static final int MOST_DIFFERENCES = 64;
    private static final double UNKNOWN = Double.POSITIVE_INFINITY; // of a bound, where another holds too

    private RenyiDivergence() {}

    /** Returns the divergence of each order. */
    static double[] of(Mechanism mechanism, SamplingScheme sampling, double... orders) {
        double multiplier = mechanism.noiseMultiplier();
        DoubleUnaryOperator divergence;
        if (multiplier == 0) {
            divergence = order -> Double.POSITIVE_INFINITY;
        } else if (mechanism instanceof Mechanism.Laplace) {
            Check.that(
                    sampling instanceof SamplingScheme.Poisson && sampling.rate() == 1,
                    "sampling of Laplace noise",
                    "everyone, Poisson[rate=1.0], for there is no bound here for others",
                    sampling);
            divergence = order -> laplace(multiplier, order);
        } else if (sampling instanceof SamplingScheme.FixedSize) {
            double sigma = multiplier / 2; // to replace one moves the sum by two bounds
            double[] differences = logDifferences(sigma);
            divergence = order -> fixedSize(sampling.rate(), sigma, order, differences);
        } else {
            divergence = order -> poisson(sampling.rate(), multiplier, order);
        }
        return Arrays.stream(orders).map(divergence).toArray();
    }

    /** Mironov 2017 (arXiv 1702.07476), table II. */
    private static double laplace(double scale, double order) {
        double up = Math.log(order / (2 * order - 1)) + (order - 1) / scale;
        double down = Math.log((order - 1) / (2 * order - 1)) - order / scale;
        return logSum(up, down) / (order - 1);
    }

    /** Mironov, Talwar and Zhang 2019 (arXiv 1908.10530), sections 3.3 and 3.4. */
    private static double poisson(double q, double sigma, double order) {
        if (q == 1) {
            return order / (2 * sigma * sigma);
        }
        boolean whole = order == Math.rint(order);
        double log = whole ? logMomentWhole(q, sigma, (int) order) : logMomentFractional(q, sigma, order);
        return Math.max(0, log) / (order - 1);
    }

    /**
     * The binomial sum less the terms of its sum without noise's factor, 1, so that small divergences keep their
     * digits.
     */
    private static double logMomentWhole(double q, double sigma, int order) {
        double log = Double.NEGATIVE_INFINITY; // of the moment minus 1
        for (int k = 2; k <= order; k++) {
            double exponent = k * (k - 1.0) / (2 * sigma * sigma);
            double logGrowth = exponent > 40 ? exponent : Math.log(Math.expm1(exponent));
            log = logSum(log, logBinomial(order, k) + (order - k) * Math.log1p(-q) + k * Math.log(q) + logGrowth);
        }
        return logSum(0, log);
    }

    /** Two series with binomial coefficients of either sign, summed apart so that signs are not lost. */
    private static double logMomentFractional(double q, double sigma, double order) {
        double z = sigma * sigma * Math.log(1 / q - 1) + .5;
        double positive = Double.NEGATIVE_INFINITY;
        double negative = Double.NEGATIVE_INFINITY;
        double logCoefficient = 0; // of |order choose i|
        int sign = 1;
        for (int i = 0; ; i++) {
            double j = order - i;
            double low = logCoefficient
                    + i * Math.log(q)
                    + j * Math.log1p(-q)
                    + i * (i - 1.0) / (2 * sigma * sigma)
                    + logHalfErfc((i - z) / (Math.sqrt(2) * sigma));
            double high = logCoefficient
                    + j * Math.log(q)
                    + i * Math.log1p(-q)
                    + j * (j - 1) / (2 * sigma * sigma)
                    + logHalfErfc((z - j) / (Math.sqrt(2) * sigma));
            if (sign > 0) {
                positive = logSum(positive, logSum(low, high));
            } else {
                negative = logSum(negative, logSum(low, high));
            }
            if (i > order && Math.max(low, high) < NEGLIGIBLE) {
                return positive + Math.log1p(-Math.exp(negative - positive));
            }
            logCoefficient += Math.log(Math.abs(j)) - Math.log(i + 1.0);
            sign *= j < 0 ? -1 : 1;
        }
    }

    private static double logHalfErfc(double x) {
        return x < 0 ? Math.log(Erfc.value(x) / 2) : Math.log(Erfcx.value(x) / 2) - x * x;
    }

    /**
     * Wang, Balle and Kasiviswanathan 2019 (arXiv 1808.00087), theorem 27, with sigma over the sensitivity to
     * replacement; between whole orders the moment's logarithm is interpolated, for it is convex.
     */
    private static double fixedSize(double q, double sigma, double order, double... differences) {
        if (q == 1) {
            return order / (2 * sigma * sigma);
        }
        int below = (int) Math.floor(order);
        double share = order - below;
        double low = below == 1 ? 0 : logFixedSizeMoment(q, sigma, below, differences);
        double high = share == 0 ? low : logFixedSizeMoment(q, sigma, below + 1, differences);
        return ((1 - share) * low + share * high) / (order - 1);
    }

    private static double logFixedSizeMoment(double q, double sigma, int order, double... differences) {
        double step = 1 / (sigma * sigma); // ln F(2)
        double second = Math.min(Math.log(4 * Math.expm1(step)), Math.log(2) + step);
        double log = logSum(0, 2 * Math.log(q) + logBinomial(order, 2) + second);
        for (int j = 3; j <= order; j++) {
            int above = 2 * ((j + 1) / 2);
            double byDifferences = above < differences.length
                    ? Math.log(4) + (differences[2 * (j / 2)] + differences[above]) / 2
                    : Double.POSITIVE_INFINITY; // the other bound holds for every j
            double byMoment = Math.log(2) + j * (j - 1.0) * step / 2;
            log = logSum(log, j * Math.log(q) + logBinomial(order, j) + Math.min(byDifferences, byMoment));
        }
        return log;
    }

    /**
     * Returns ln of the n-th forward difference at 0 of {@code F(i) = exp(i (i - 1) / 2 sigma^2)}, which cancels
     * heavily.
     */
    private static double[] logDifferences(double sigma) {
        int most = MOST_DIFFERENCES;
        double[] logs = new double[most + 1];
        if (1 / (sigma * sigma) > 1e6) {
            Arrays.fill(logs, UNKNOWN); // the other bound is as good, and numbers get too long
            return logs;
        }
        MathContext digits = new MathContext(60 + 2 * most);
        BigDecimal base = exp(1 / (sigma * sigma), digits);
        BigDecimal[] row = new BigDecimal[most + 1];
        BigDecimal power = BigDecimal.ONE; // base^i
        row[0] = BigDecimal.ONE;
        for (int i = 0; i < most; i++) {
            row[i + 1] = row[i].multiply(power, digits);
            power = power.multiply(base, digits);
        }
        for (int n = 0; n <= most; n++) {
            logs[n] = n == 1 ? Double.NEGATIVE_INFINITY : row[0].signum() > 0 ? log(row[0]) : UNKNOWN;
            for (int i = 0; i < most - n; i++) {
                row[i] = row[i + 1].subtract(row[i], digits);
            }
        }
        return logs;
    }

    private static BigDecimal exp(double x, MathContext digits) {
        BigDecimal half = new BigDecimal(x).divide(new BigDecimal(1 << 20), digits);
        BigDecimal term = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ONE;
        for (int k = 1; term.signum() != 0 && term.precision() - term.scale() > -digits.getPrecision(); k++) {
            term = term.multiply(half, digits).divide(BigDecimal.valueOf(k), digits);
            sum = sum.add(term, digits);
        }
        return sum.pow(1 << 20, digits);
    }

    private static double log(BigDecimal x) {
        int exponent = x.precision() - x.scale();
        return Math.log(x.movePointLeft(exponent).doubleValue()) + exponent * Math.log(10);
    }

    private static double logBinomial(int n, int k) {
        return LogGamma.value(n + 1.0) - LogGamma.value(k + 1.0) - LogGamma.value(n - k + 1.0);
    }

    private static double logSum(double a, double b) {
        double high = Math.max(a, b);
        return high == Double.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high));
    }
}
