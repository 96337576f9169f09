package org.fl4j.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SamplingTest {
    private final RandomGenerator random = new Seed(1).generator();

    @Test
    void permutesAllNumbers() {
        int[] permutation = Sampling.permutation(100, random);
        assertThat(permutation).doesNotHaveDuplicates().hasSize(100);
        assertThat(Arrays.stream(permutation).max()).hasValue(99);
    }

    /** Chi-square with 9 degrees of freedom: above 33.7 in one of 10,000 runs of a correct sampler. */
    @Test
    void samplesEveryNumberEquallyOften() {
        int[] hits = new int[10];
        int draws = 10_000;
        for (int i = 0; i < draws; i++) {
            for (int chosen : Sampling.withoutReplacement(10, 3, random)) {
                hits[chosen]++;
            }
        }
        double expected = draws * .3;
        double chiSquare = Arrays.stream(hits)
                .mapToDouble(hit -> (hit - expected) * (hit - expected) / (expected * .7))
                .sum();
        assertThat(chiSquare).isLessThan(33.7);
    }

    @Test
    void samplesInOrderWithoutRepeats() {
        assertThat(Sampling.withoutReplacement(1_000_000_000, 100, random))
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(Sampling.withoutReplacement(4, 4, random)).containsExactly(0, 1, 2, 3);
    }

    @Test
    void refusesToSampleMoreThanThereIs() {
        assertThatThrownBy(() -> Sampling.withoutReplacement(3, 4, random))
                .hasMessage("count must be in [0, 3], but was 4");
    }

    /**
     * A share of Dir(a, ..., a) in K dimensions has mean 1/K and variance (K - 1) / (K^2 (aK + 1)); 6 standard errors.
     */
    @Test
    void drawsDirichletSharesWithTheRightMoments() {
        for (double concentration : new double[] {.05, .5, 5}) {
            double sum = 0;
            double squares = 0;
            int draws = 20_000;
            for (int i = 0; i < draws; i++) {
                double[] shares = Sampling.dirichlet(concentration, 4, random);
                assertThat(Arrays.stream(shares).sum()).isCloseTo(1, within(1e-12));
                sum += shares[0];
                squares += shares[0] * shares[0];
            }
            double variance = 3 / (16 * (4 * concentration + 1));
            assertThat(sum / draws).isCloseTo(.25, within(6 * Math.sqrt(variance / draws)));
            assertThat(squares / draws - .0625).isCloseTo(variance, within(.03 * variance + .002));
        }
    }

    @Test
    void drawsFiniteSharesWhenTheConcentrationIsTiny() {
        for (int i = 0; i < 1000; i++) {
            assertThat(Arrays.stream(Sampling.dirichlet(1e-4, 5, random)).sum()).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void apportionsExactly() {
        assertThat(Sampling.apportion(new double[] {.5, .25, .25}, 7)).containsExactly(3, 2, 2);
        assertThat(Sampling.apportion(new double[] {0, 1}, 5)).containsExactly(0, 5);
        for (int i = 0; i < 1000; i++) {
            int[] counts = Sampling.apportion(Sampling.dirichlet(.1, 7, random), i);
            assertThat(Arrays.stream(counts).sum()).isEqualTo(i);
        }
    }
}
