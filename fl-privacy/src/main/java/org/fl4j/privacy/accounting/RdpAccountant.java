package org.fl4j.privacy.accounting;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;

/**
 * Accounts in Renyi differential privacy: costs add up order by order, and the best order is turned into epsilon and
 * delta by the bound of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010, proposition 12),
 * {@code epsilon = r + ln((a - 1) / a) - (ln delta + ln a) / (a - 1)}. Knows both sampling schemes; some 10 to 40 %
 * above the tight value for Poisson sampling.
 */
public final class RdpAccountant implements PrivacyAccountant {
    private final double[] orders;
    private final Map<PrivacyEvent, double[]> ofOneRound =
            new ConcurrentHashMap<>(); // a run asks for the same ones again

    /** Takes orders 1.1 to 10.9 by tenths, 11 to 256 by ones, 512 and 1024. */
    public RdpAccountant() {
        this(DoubleStream.concat(
                        IntStream.rangeClosed(11, 109).mapToDouble(tenths -> tenths / 10.0),
                        DoubleStream.concat(
                                IntStream.rangeClosed(11, 256).asDoubleStream(), DoubleStream.of(512, 1024)))
                .toArray());
    }

    /**
     * Takes orders of one's own.
     *
     * @param orders each above 1
     */
    public RdpAccountant(double... orders) {
        Check.that(orders.length > 0, "orders", "at least one", orders.length);
        for (double order : orders) {
            Check.that(order > 1 && Double.isFinite(order), "order", "above 1 and finite", order);
        }
        this.orders = orders.clone();
    }

    /** Returns the Renyi divergence of all events for each order: at least 0, or infinite. */
    public static double[] divergences(List<PrivacyEvent> events, double... orders) {
        PrivacyEvent.requireOneKind(events);
        double[] sums = new double[orders.length];
        for (PrivacyEvent event : events) {
            if (event.rounds() > 0) {
                double[] once = RenyiDivergence.of(event.mechanism(), event.sampling(), orders);
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += event.rounds() * once[i];
                }
            }
        }
        return sums;
    }

    private double[] composed(List<PrivacyEvent> events) {
        PrivacyEvent.requireOneKind(events);
        double[] sums = new double[orders.length];
        for (PrivacyEvent event : events) {
            double[] once = ofOneRound.computeIfAbsent(
                    new PrivacyEvent(event.mechanism(), event.sampling(), 1), one -> divergences(List.of(one), orders));
            for (int i = 0; i < sums.length; i++) {
                sums[i] += event.rounds() == 0 ? 0 : event.rounds() * once[i]; // the divergence may be infinite
            }
        }
        return sums;
    }

    @Override
    public double epsilon(List<PrivacyEvent> events, double delta) {
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        double best = pureEpsilon(events);
        double[] divergences = composed(events);
        for (int i = 0; i < orders.length; i++) {
            double order = orders[i];
            double divergence = divergences[i];
            if (delta * delta + Math.expm1(-divergence) > 0) {
                return 0; // total variation is at most sqrt(1 - e^-divergence) (Bretagnolle and Huber)
            }
            double epsilon = divergence + Math.log1p(-1 / order) - (Math.log(delta) + Math.log(order)) / (order - 1);
            best = Math.min(best, Math.max(0, epsilon));
        }
        return best;
    }

    /** Returns the sum of epsilons that hold with delta 0: finite for Laplace noise alone. */
    private static double pureEpsilon(List<PrivacyEvent> events) {
        double sum = 0;
        for (PrivacyEvent event : events) {
            boolean laplace = event.mechanism() instanceof Mechanism.Laplace;
            if (event.rounds() > 0) {
                sum += laplace ? event.rounds() / event.mechanism().noiseMultiplier() : Double.POSITIVE_INFINITY;
            }
        }
        return sum;
    }

    @Override
    public double delta(List<PrivacyEvent> events, double epsilon) {
        Check.notNegative("epsilon", epsilon);
        double best = 1;
        double[] divergences = composed(events);
        for (int i = 0; i < orders.length; i++) {
            double order = orders[i];
            double divergence = divergences[i];
            double log = (order - 1) * (divergence - epsilon + Math.log1p(-1 / order)) - Math.log(order);
            best = Math.min(best, Math.min(Math.exp(log), Math.sqrt(-Math.expm1(-divergence))));
        }
        return best;
    }
}
