package org.fl4j.privacy.accounting;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.fl4j.internal.Check;

/**
 * Accounts by the law of the privacy loss (Sommer, Meiser and Mohammadi 2019; Koskela, Jaelkoe and Honkela 2020, arXiv
 * 1906.03049): each round's law is put on a grid from above, and laws are composed by Fourier transforms. Tight to about
 * 1e-4, and never below the true value but for rounding of 1e-12 in delta. Both directions of adding and removing a client
 * are composed apart, and the worse one counts.
 *
 * <p>Knows Gaussian noise under Poisson sampling and Laplace noise on everyone. Fixed-size cohorts are for {@link
 * RdpAccountant}.
 */
public final class PldAccountant implements PrivacyAccountant {
    private static final int LARGEST_GRID = 1 << 22;
    private static final double LEAST_DELTA = 1e-12; // what the transform's rounding leaves

    private static final int MOST_ANSWERS = 1000;

    private final double step;
    private final Answers answers = new Answers();

    /** Takes a step of 1e-4. */
    public PldAccountant() {
        this(1e-4);
    }

    /**
     * Takes a step of one's own, in (0, 0.1]. For many rounds it shrinks, and it grows where a law is so wide that it would
     * take too many points.
     */
    public PldAccountant(double step) {
        this.step = Check.that(step > 0 && step <= .1, "step", "in (0, 0.1]", step);
    }

    @Override
    public double epsilon(List<PrivacyEvent> events, double delta) {
        Check.that(delta >= LEAST_DELTA && delta < 1, "delta", "in [" + LEAST_DELTA + ", 1)", delta);
        Question question = new Question(List.copyOf(events), delta);
        synchronized (answers) { // a run asks before a round what the round asks again
            Double known = answers.get(question);
            if (known != null) {
                return known;
            }
        }
        double epsilon = worse(events, composed -> composed.epsilon(delta), Double.POSITIVE_INFINITY);
        synchronized (answers) {
            answers.put(question, epsilon);
        }
        return epsilon;
    }

    private record Question(List<PrivacyEvent> events, double delta) {}

    /** The latest answers. */
    private static final class Answers extends LinkedHashMap<Question, Double> {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Question, Double> eldest) {
            return size() > MOST_ANSWERS;
        }
    }

    @Override
    public double delta(List<PrivacyEvent> events, double epsilon) {
        Check.notNegative("epsilon", epsilon);
        return worse(events, composed -> composed.delta(epsilon), 1);
    }

    private double worse(List<PrivacyEvent> events, ToDoubleFunction<ComposedLoss> measure, double withoutNoise) {
        PrivacyEvent.requireOneKind(events);
        List<PrivacyEvent> counted =
                events.stream().filter(event -> event.rounds() > 0).toList();
        for (PrivacyEvent event : counted) {
            boolean laplace = event.mechanism() instanceof Mechanism.Laplace;
            Check.that(
                    event.sampling() instanceof SamplingScheme.Poisson poisson && (!laplace || poisson.rate() == 1),
                    "sampling",
                    laplace
                            ? "everyone, Poisson[rate=1.0], for Laplace noise"
                            : "Poisson, or account with RdpAccountant",
                    event.sampling());
            if (event.mechanism().noiseMultiplier() == 0) {
                return withoutNoise;
            }
        }
        return counted.isEmpty()
                ? 0
                : Math.max(
                        measure.applyAsDouble(composed(counted, /* direction= */ 0)),
                        measure.applyAsDouble(composed(counted, /* direction= */ 1)));
    }

    private ComposedLoss composed(List<PrivacyEvent> events, int direction) {
        List<PrivacyLoss> losses = new ArrayList<>();
        double widest = 0;
        long rounds = 0;
        for (PrivacyEvent event : events) {
            PrivacyLoss loss = PrivacyLoss.of(event.mechanism(), event.sampling())[direction];
            losses.add(loss);
            rounds += event.rounds();
            widest = Math.max(widest, loss.largest() - loss.least());
        }
        double accurate = Math.min(step, Math.sqrt(step / 10 / rounds)); // a round's error grows with the step's square
        double fineStep = Math.max(accurate, widest / LARGEST_GRID);
        List<LossGrid> grids =
                losses.stream().map(loss -> new LossGrid(loss, fineStep)).toList();
        double low = bound(events, grids, -1);
        double high = bound(events, grids, 1);
        double wideStep = fineStep * Math.max(1, Math.ceil((high - low) / fineStep / LARGEST_GRID));
        return wideStep == fineStep
                ? ComposedLoss.of(events, grids, low, high)
                : ComposedLoss.of(
                        events,
                        losses.stream()
                                .map(loss -> new LossGrid(loss, wideStep))
                                .toList(),
                        low,
                        high);
    }

    /** Returns where the sum of losses ends but for a negligible mass, by Chernoff's bound; sign -1 is the lower end. */
    private static double bound(List<PrivacyEvent> events, List<LossGrid> grids, int sign) {
        double best = Double.POSITIVE_INFINITY;
        for (double order = 1.0 / 64; order <= 4096; order *= 2) {
            double log = 0;
            for (int i = 0; i < grids.size(); i++) {
                log += events.get(i).rounds() * grids.get(i).logMoment(sign * order);
            }
            if (Double.isFinite(log)) {
                best = Math.min(best, (log - Math.log(ComposedLoss.NEGLIGIBLE)) / order);
            }
        }
        return sign * best;
    }
}
