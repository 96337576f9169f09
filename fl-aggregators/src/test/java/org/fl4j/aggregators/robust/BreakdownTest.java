package org.fl4j.aggregators.robust;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each robust rule with as many malicious clients as it promises to withstand. They send the mean of the honest updates
 * times a factor. Bounds are those of the rules' documentation.
 */
class BreakdownTest extends TensorTest {
    private static final int SIZE = 12;
    private static final double ROUNDING = 1e-4;

    /** What a rule promises, given the honest updates, their mean and the number of malicious ones. */
    private interface Promise {
        double distance(Honest honest, int malicious);
    }

    private static final class Honest {
        private final double[][] updates;
        private final double[] mean;

        Honest(double[][] updates, double... mean) {
            this.updates = updates;
            this.mean = mean;
        }

        static Honest drawn(int count, RandomGenerator random) {
            double[][] updates = new double[count][SIZE];
            double[] mean = new double[SIZE];
            for (double[] update : updates) {
                for (int i = 0; i < SIZE; i++) {
                    update[i] = .3 + .2 * random.nextGaussian();
                    mean[i] += update[i] / count;
                }
            }
            return new Honest(updates, mean);
        }

        double radius() {
            return Arrays.stream(updates)
                    .mapToDouble(update -> norm(minus(update, mean)))
                    .max()
                    .orElseThrow();
        }

        double diameter() {
            return Arrays.stream(updates)
                    .flatMapToDouble(a -> Arrays.stream(updates).mapToDouble(b -> norm(minus(a, b))))
                    .max()
                    .orElseThrow();
        }

        /** The length of the honest range of all coordinates, some times over. */
        double range(double times) {
            double[] ranges = new double[SIZE];
            for (int i = 0; i < SIZE; i++) {
                int coordinate = i;
                double most = Arrays.stream(updates)
                        .mapToDouble(u -> u[coordinate])
                        .max()
                        .orElseThrow();
                double least = Arrays.stream(updates)
                        .mapToDouble(u -> u[coordinate])
                        .min()
                        .orElseThrow();
                ranges[i] = times * (most - least);
            }
            return norm(ranges);
        }
    }

    private static double norm(double... values) {
        return Math.sqrt(DoubleStream.of(values).map(x -> x * x).sum());
    }

    private static double[] minus(double[] a, double... b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, i -> a[i] - b[i]);
        return difference;
    }

    private static double geometric(Honest honest, int malicious) {
        double share = (double) malicious / (honest.updates.length + malicious);
        return 2 * honest.radius() * (1 - share) / (1 - 2 * share);
    }

    private static double krum(Honest honest, int malicious) {
        int count = honest.updates.length + malicious;
        return (1 + Math.sqrt((count - malicious - 2.0) / (count - 2 * malicious - 1))) * honest.diameter();
    }

    private static double clipped(Honest honest, int malicious, double bound) {
        return 2 * bound * malicious / (honest.updates.length + malicious);
    }

    static Stream<Arguments> rules() {
        return Stream.of(
                rule("median", 6, 5, (honest, malicious) -> honest.range(1)),
                rule("trimmed-mean:share=0.3", 7, 3, (honest, malicious) -> honest.range(1)),
                rule("trimmed-mean:share=0.49999999999", 6, 4, (honest, malicious) -> honest.range(1)),
                rule("krum:byzantine=3", 6, 3, BreakdownTest::krum),
                rule("multi-krum:byzantine=3,kept=6", 6, 3, BreakdownTest::krum),
                rule("bulyan:byzantine=2", 9, 2, (honest, malicious) -> honest.range(2)),
                rule("geometric-median", 7, 3, BreakdownTest::geometric),
                rule("geometric-median", 6, 5, BreakdownTest::geometric),
                rule("geometric-median", 51, 49, BreakdownTest::geometric),
                rule("geometric-median:iterations=3", 7, 3, BreakdownTest::geometric),
                rule("centered-clipping:radius=3", 6, 5, (honest, malicious) -> clipped(honest, malicious, 3)),
                rule(
                        "centered-clipping:radius=3,iterations=5",
                        6,
                        5,
                        (honest, malicious) -> 6 * clipped(honest, malicious, 3)),
                rule("norm-bounding:bound=3", 6, 5, (honest, malicious) -> clipped(honest, malicious, 3)));
    }

    private static Arguments rule(String name, int honest, int malicious, Promise promise) {
        return Arguments.of(name, honest, malicious, promise);
    }

    /** Powers of ten from 10 to 1e30, and what brings the largest coordinate to the largest float. */
    private static double[] factors(Honest honest) {
        double largest = DoubleStream.of(honest.mean).map(Math::abs).max().orElseThrow();
        double[] factors = DoubleStream.concat(
                        DoubleStream.iterate(10, factor -> factor <= 2e30, factor -> 10 * factor),
                        DoubleStream.of(Float.MAX_VALUE / largest * .999999))
                .toArray();
        return DoubleStream.concat(
                        DoubleStream.of(factors), DoubleStream.of(factors).map(x -> -x))
                .toArray();
    }

    private double[] combine(Aggregator rule, Honest honest, int malicious, double factor, double otherFactor) {
        Aggregation aggregation = rule.begin(round(), state(vector(new double[SIZE])));
        int client = 0;
        for (int i = 0; i < malicious; i++) {
            double times = i % 2 == 0 ? factor : otherFactor;
            double[] forged = DoubleStream.of(honest.mean).map(x -> times * x).toArray();
            aggregation.add(update(client++, 1, vector(forged)));
        }
        for (double[] update : honest.updates) {
            aggregation.add(update(client++, 1, vector(update)));
        }
        float[] values = values(aggregation.combine().delta().orElseThrow());
        double[] result = new double[values.length];
        Arrays.setAll(result, i -> values[i]);
        return result;
    }

    @ParameterizedTest
    @MethodSource("rules")
    void staysNearTheHonestMeanHoweverLargeTheFactor(String name, int count, int malicious, Promise promise) {
        Aggregator rule = StrategyRegistry.load().parse(Aggregator.class, name);
        Honest honest = Honest.drawn(count, new Seed(16).generator());
        for (double factor : factors(honest)) {
            for (double other : new double[] {factor, -factor}) {
                double[] result = combine(rule, honest, malicious, factor, other);
                assertThat(norm(minus(result, honest.mean)))
                        .as("%s, factors %s and %s", name, factor, other)
                        .isLessThanOrEqualTo(promise.distance(honest, malicious) + ROUNDING);
            }
        }
    }

    /** No share of malicious clients makes the result longer than the trusted update, or points it away from it. */
    @Test
    void trustKeepsLengthAndHalfSpaceWhateverTheShare() {
        Honest honest = Honest.drawn(2, new Seed(17).generator());
        double[] trusted = honest.updates[0];
        Aggregator rule = new FLTrust((round, state) -> vector(trusted));
        for (double factor : factors(honest)) {
            for (double other : new double[] {factor, -factor}) {
                double[] result = combine(rule, honest, /* malicious= */ 8, factor, other);
                assertThat(norm(result))
                        .as("factors %s and %s", factor, other)
                        .isBetween(0.0, norm(trusted) + ROUNDING);
                double dot = 0;
                for (int i = 0; i < SIZE; i++) {
                    dot += result[i] * trusted[i];
                }
                assertThat(dot).as("factors %s and %s", factor, other).isGreaterThanOrEqualTo(-ROUNDING);
            }
        }
    }

    /** The rules with a name in this package; a new one needs a row in {@link #rules()}. */
    @Test
    void everyRobustRuleWithANameHasItsRow() {
        Stream<String> named = StrategyRegistry.load().names(Aggregator.class).stream()
                .filter(name -> StrategyRegistry.load()
                        .parse(Aggregator.class, name)
                        .getClass()
                        .getPackage()
                        .equals(BreakdownTest.class.getPackage()));
        assertThat(rules().map(row -> ((String) row.get()[0]).replaceAll(":.*", "")))
                .containsAll(named.toList());
    }
}
