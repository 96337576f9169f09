package org.fl4j.privacy.accounting;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;

/**
 * Accounts by the law of the privacy loss (Sommer, Meiser and Mohammadi 2019; Koskela, Jaelkoe and Honkela 2020, arXiv
 * 1906.03049): each round's law is put on a grid from above, and laws are composed by Fourier transforms. Both
 * directions of adding and removing a client are composed apart, and the worse one counts.
 *
 * <p>Epsilon is at most a relative 1e-3 above the true value, never below it, and never above that of
 * {@link RdpAccountant}. One round of Gaussian noise has a closed form. For more rounds, the grid is refined until the
 * error is small enough. The error is known from the composed law itself: splitting losses between points adds a known
 * variance, and what that changes depends on the density of losses at epsilon. Where more than four million points
 * would be needed, the answer is refused.
 *
 * <p>Transforms act on laws tilted towards the losses that decide, so that their rounding is small beside any delta.
 * Losses that occur with a probability of a billionth of delta, over all rounds, count as infinite: a grid that reached
 * them would be many times as long.
 *
 * <p>Knows Gaussian noise under Poisson sampling and Laplace noise on everyone. Fixed-size cohorts are for {@link
 * RdpAccountant}.
 */
public final class PldAccountant implements PrivacyAccountant {
    private static final int LARGEST_GRID = 1 << 22;
    private static final double LEAST_DELTA = 1e-12;
    private static final double PROMISE = 1e-3; // relative
    private static final int TILTS = 4; // that are tried
    private static final int ROUGH_GRID = 1 << 13;
    private static final double MOST_DEVIATIONS = 16;
    private static final double LARGEST_ORDER = 1 << 20;
    private static final double NEGLIGIBLE = 1e-9; // of delta, which losses may add that count as infinite

    private static final int MOST_ANSWERS = 1000;

    private final double accuracy;
    private final RdpAccountant renyi = new RdpAccountant();
    private final Answers answers = new Answers();

    /** Takes an accuracy of 1e-5. */
    public PldAccountant() {
        this(1e-5);
    }

    /**
     * Takes an accuracy of one's own.
     *
     * @param accuracy the largest relative error of an epsilon or delta, in (0, 0.1]; above 1e-3 it counts as 1e-3, and
     *     where a finer one would take too many points, up to 1e-3 is accepted
     */
    public PldAccountant(double accuracy) {
        this.accuracy =
                Math.min(PROMISE, Check.that(accuracy > 0 && accuracy <= .1, "accuracy", "in (0, 0.1]", accuracy));
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
        double epsilon = worse(events, new Target(0, delta), Double.POSITIVE_INFINITY);
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
        return worse(events, new Target(epsilon, 0), 1);
    }

    private double worse(List<PrivacyEvent> events, Target target, double withoutNoise) {
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
        if (counted.isEmpty()) {
            return 0;
        }
        double byRenyi =
                target.delta() > 0 ? renyi.epsilon(counted, target.delta()) : renyi.delta(counted, target.epsilon());
        if (byRenyi == 0) {
            return 0;
        }
        if (counted.size() == 1
                && counted.get(0).rounds() == 1
                && counted.get(0).mechanism() instanceof Mechanism.Gaussian) {
            return Math.min(byRenyi, target.of(SampledGaussian.of(counted.get(0))));
        }
        double removed = measured(counted, /* direction= */ 0, target, byRenyi, 0);
        double tight = measured(counted, /* direction= */ 1, target, byRenyi, removed);
        return Math.min(byRenyi, tight);
    }

    /** What is asked for: epsilon of a positive delta, or delta of an epsilon. */
    private record Target(double epsilon, double delta) {
        double of(ComposedLoss composed) {
            return delta > 0 ? composed.epsilon(delta) : composed.delta(epsilon);
        }

        double of(SampledGaussian round) {
            return delta > 0 ? round.epsilon(delta) : round.delta(epsilon);
        }

        /** By how much an answer may be too high, relative to it. */
        double error(ComposedLoss composed, double answer) {
            return (delta > 0 ? composed.errorOfEpsilon(answer) : composed.errorOfDelta(epsilon)) / answer;
        }

        /** Returns whether rounding takes a small share of the promised error. */
        boolean isPrecise(ComposedLoss composed) {
            double answer = of(composed);
            double rounding = delta > 0 ? composed.roundingOfEpsilon(answer) : composed.roundingAt(epsilon);
            return answer == 0 || rounding <= PROMISE / 10 * answer;
        }

        boolean isSure(ComposedLoss composed, double answer) {
            return composed.isSmoothAround(delta > 0 ? answer : epsilon);
        }

        /** Chernoff's bound for one order, whose best order is where the law is tilted to. */
        double bound(double logMoment, double order) {
            return delta > 0 ? (logMoment - Math.log(delta)) / order : logMoment - order * epsilon;
        }

        /** The same as an epsilon or a delta. */
        double atMost(double logMoment, double order) {
            return delta > 0 ? bound(logMoment, order) : Math.exp(bound(logMoment, order));
        }

        /**
         * By how much variance that splitting adds may raise the answer of Chernoff's bound: absolute epsilon, or
         * relative delta.
         */
        double guess(double variance, double order) {
            return variance * (1 + order) / 2 * (delta > 0 ? 1 : order);
        }
    }

    /** What one direction costs by a grid, at most so much too high. */
    private record Answer(double value, double error) {}

    /** Returns what one direction costs, or what the other does if that is more. */
    private double measured(List<PrivacyEvent> events, int direction, Target target, double byRenyi, double other) {
        double rounds = rounds(events);
        double atMost = target.delta() > 0 ? target.delta() : byRenyi;
        List<PrivacyLoss> losses = losses(events, direction, NEGLIGIBLE * atMost / rounds);
        double widest = losses.stream()
                .mapToDouble(loss -> loss.largest() - loss.least())
                .max()
                .orElseThrow();
        List<LossGrid> rough = grids(losses, widest / ROUGH_GRID);
        double tilt = tilt(events, rough, target);
        if (tilt > 0 && target.atMost(logMoment(events, rough, tilt), tilt) <= other) {
            return other;
        }
        double size = target.delta() > 0 ? byRenyi : 1;
        double fine = powerOfTwo(Math.sqrt(accuracy * size / target.guess(rounds, tilt)));
        Answer best = new Answer(byRenyi, Double.POSITIVE_INFINITY);
        double coarse = Double.POSITIVE_INFINITY;
        while (best.error > accuracy) {
            Optional<ComposedLoss> composed = composed(events, losses, fine, tilt, target);
            while (composed.isEmpty()
                    && fine * 2 < coarse) { // as far as the promise allows, where it takes too many points
                fine *= 2;
                composed = composed(events, losses, fine, tilt, target);
            }
            if (composed.isEmpty()) {
                break;
            }
            double value = target.of(composed.get());
            if (value <= other) { // which is from above, and so enough
                return other;
            }
            double error = target.error(composed.get(), value);
            boolean sure = target.isSure(composed.get(), value);
            best = new Answer(value, sure ? error : Double.POSITIVE_INFINITY);
            coarse = fine;
            if (target.delta() == 0) {
                losses = losses(events, direction, NEGLIGIBLE * value / rounds);
            }
            fine = Math.min(fine / 2, powerOfTwo(fine * Math.sqrt(accuracy / Math.max(error, accuracy / 64))));
        }
        Check.that(
                best.error <= PROMISE,
                "points for an accuracy of " + PROMISE,
                "at most " + LARGEST_GRID + ", or account with RdpAccountant",
                "more");
        return best.value;
    }

    private static double rounds(List<PrivacyEvent> events) {
        return events.stream().mapToDouble(PrivacyEvent::rounds).sum();
    }

    private static List<PrivacyLoss> losses(List<PrivacyEvent> events, int direction, double negligible) {
        return events.stream()
                .map(event -> PrivacyLoss.of(event.mechanism(), event.sampling(), negligible)[direction])
                .toList();
    }

    /**
     * Returns the sum's law, or nothing if that takes too many points. A tilt makes rare large losses likely, and so
     * the window wide: where it does not fit, half of the tilt is tried. The rounding is larger then, and must stay
     * small beside the promise.
     */
    private static Optional<ComposedLoss> composed(
            List<PrivacyEvent> events, List<PrivacyLoss> losses, double step, double tilt, Target target) {
        if (losses.stream().anyMatch(loss -> (loss.largest() - loss.least()) / step >= LARGEST_GRID)) {
            return Optional.empty();
        }
        List<LossGrid> grids = grids(losses, step);
        Optional<ComposedLoss> whole = ComposedLoss.of(events, grids, tilt, LARGEST_GRID);
        return whole.isPresent()
                ? whole
                : IntStream.range(1, TILTS)
                        .mapToObj(halvings -> ComposedLoss.of(events, grids, Math.scalb(tilt, -halvings), LARGEST_GRID))
                        .flatMap(Optional::stream)
                        .filter(target::isPrecise)
                        .findFirst();
    }

    /** Steps are powers of two, so that answers do not jump from one noise multiplier to the next. */
    private static double powerOfTwo(double step) {
        return Math.scalb(1.0, Math.max(-1000, Math.min(-3, Math.getExponent(step))));
    }

    private static List<LossGrid> grids(List<PrivacyLoss> losses, double step) {
        return losses.stream().map(loss -> new LossGrid(loss, step)).toList();
    }

    /** Returns the order of the best Chernoff bound, to about a tenth. */
    private static double tilt(List<PrivacyEvent> events, List<LossGrid> grids, Target target) {
        double best = 0;
        double least = target.delta() > 0 ? Double.POSITIVE_INFINITY : 0;
        double variance = 0;
        for (int i = 0; i < grids.size(); i++) {
            variance += events.get(i).rounds() * grids.get(i).variance();
        }
        double deviation = Math.sqrt(variance);
        double most =
                Math.min(LARGEST_ORDER, MOST_DEVIATIONS / deviation); // losses that are bounded would ask for any order
        for (double order = 1.0 / 64; order <= most; order *= 1.2) {
            double logMoment = logMoment(events, grids, order);
            double bound = target.bound(logMoment, order);
            if (bound < least) {
                least = bound;
                best = order;
            } else if (bound > least + Math.abs(least)) {
                break;
            }
        }
        return best;
    }

    private static double logMoment(List<PrivacyEvent> events, List<LossGrid> grids, double order) {
        double sum = 0;
        for (int i = 0; i < grids.size(); i++) {
            sum += events.get(i).rounds() * grids.get(i).logMoment(order);
        }
        return sum;
    }
}
