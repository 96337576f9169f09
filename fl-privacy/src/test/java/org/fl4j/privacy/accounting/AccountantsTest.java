package org.fl4j.privacy.accounting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.privacy.accounting.Mechanism.Gaussian;
import org.fl4j.privacy.accounting.Mechanism.Laplace;
import org.fl4j.privacy.accounting.SamplingScheme.FixedSize;
import org.fl4j.privacy.accounting.SamplingScheme.Poisson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Expected values were computed with 30 to 60 digits (sums, quadrature), and tight ones by inverting characteristic
 * functions, by code that shares nothing with this one.
 */
@Execution(ExecutionMode.CONCURRENT) // pure functions that take their time
class AccountantsTest {
    private static final RdpAccountant WHOLE_ORDERS =
            new RdpAccountant(IntStream.rangeClosed(2, 256).asDoubleStream().toArray());
    private final PldAccountant pld = new PldAccountant();

    private static List<PrivacyEvent> poisson(double rate, double multiplier, long rounds) {
        return List.of(new PrivacyEvent(new Gaussian(multiplier), new Poisson(rate), rounds));
    }

    @ParameterizedTest
    @CsvSource({
        "0.01, 1, 2, 1.7181342207454793e-4",
        "0.01, 1, 8, 8.9364390760603185e-4",
        "0.01, 1, 32, 11.246275937048069",
        "0.1, 2, 3, 4.373658348577058e-3",
        "0.5, 4, 64, 1.3162855955023079",
        "1, 2, 7, 0.875",
        "0.01, 1.1, 1.5, 9.5545285718748318e-5",
        "0.01, 1.1, 2.5, 1.6207740937000375e-4",
        "0.04, 1.5, 3.9, 1.8332021995838586e-3",
        "0.01, 2.5, 1.5, 1.3001417943760794e-5",
        "0.01, 2.5, 2.5, 2.1708361138362485e-5",
        "0.01, 2.5, 5, 4.3615131246157615e-5",
        "0.01, 2.5, 50, 4.7692075077412336e-4",
        "0.01, 2.5, 100, 3.3483261509683651"
    })
    void divergenceUnderPoissonSampling(double rate, double multiplier, double order, double expected) {
        double tolerance = order == Math.rint(order) ? 1e-12 : 1e-9;
        assertThat(RdpAccountant.divergences(poisson(rate, multiplier, 1), order)[0])
                .isCloseTo(expected, within(tolerance * expected));
    }

    @ParameterizedTest
    @CsvSource({
        "0.01, 1, 1000, 1e-5, 2.1077530754515745",
        "0.01, 1.1, 10000, 1e-5, 5.6543080001495145",
        "0.02, 1, 200, 1e-5, 2.2517873227139376",
        "0.004266666666666667, 1.1, 14062, 1e-5, 2.5969811785948815",
        "0.0025, 1.3, 6000, 1e-5, 0.7242234026106"
    })
    void epsilonByRenyiDivergence(double rate, double multiplier, long rounds, double delta, double expected) {
        assertThat(WHOLE_ORDERS.epsilon(poisson(rate, multiplier, rounds), delta))
                .isCloseTo(expected, within(1e-10 * expected));
    }

    @Test
    void epsilonOfRoundsThatDiffer() {
        List<PrivacyEvent> events = List.of(
                new PrivacyEvent(new Gaussian(1), new Poisson(1e-5), 10),
                new PrivacyEvent(new Gaussian(3), new Poisson(1e-4), 4));
        RdpAccountant orders =
                new RdpAccountant(IntStream.rangeClosed(2, 32).asDoubleStream().toArray());
        assertThat(orders.epsilon(events, 1e-5)).isCloseTo(.3363440633925951, within(1e-12));
        assertThat(new RdpAccountant(3.9).epsilon(poisson(.04, 1.5, 2250), 1e-5))
                .isCloseTo(7.32911117143, within(1e-9));
    }

    @ParameterizedTest
    @CsvSource({
        "0.01, 1, 1000, 1e-5, 1.828236666521",
        "0.01, 1.1, 10000, 1e-5, 5.192583415352",
        "0.01, 1.1, 10000, 1e-6, 5.806934482879",
        "0.04, 1.5, 2250, 1e-5, 6.768780361249",
        "0.04, 1.5, 2249, 1e-5, 6.767044073713",
        "0.05, 2, 1000, 1e-6, 4.162606236557",
        "0.2, 2, 100, 1e-6, 5.661788054880",
        "0.02, 0.7, 500, 1e-5, 6.653778773001",
        "0.02, 1, 200, 1e-5, 1.852733864507",
        "0.001, 2, 50000, 1e-6, 0.481314841964",
        "0.05, 0.8, 100, 1e-6, 6.730628742045",
        "0.01, 0.76, 1000, 1e-6, 4.284297988801",
        "0.01, 0.7, 120, 1e-5, 2.461237691646",
        "0.1, 3, 512, 1e-6, 3.769683802427",
        "0.001, 1, 10000, 1e-6, 0.555139667916",
        "1, 10, 100, 1e-5, 4.37717809568122"
    })
    void tightEpsilon(double rate, double multiplier, long rounds, double delta, double expected) {
        List<PrivacyEvent> events = poisson(rate, multiplier, rounds);
        double epsilon = pld.epsilon(events, delta);
        assertThat(epsilon).isBetween(expected - 1e-9, expected * (1 + 1e-4) + 1e-5);
        assertThat(new RdpAccountant().epsilon(events, delta)).isGreaterThan(epsilon);
        assertThat(new PldAccountant(1e-3).epsilon(events, delta)).isGreaterThanOrEqualTo(epsilon - 1e-9);
        assertThat(pld.delta(events, epsilon)).isCloseTo(delta, withinPercentage(.01));
    }

    @Test
    void tightEpsilonOfRoundsThatDiffer() {
        List<PrivacyEvent> events = List.of(
                new PrivacyEvent(new Gaussian(1), new Poisson(.01), 500),
                new PrivacyEvent(new Gaussian(1.5), new Poisson(.02), 500));
        assertThat(pld.epsilon(events, 1e-5)).isBetween(1.897475888394 - 1e-9, 1.8977);
        List<PrivacyEvent> halves =
                List.of(poisson(.01, 1, 400).get(0), poisson(.01, 1, 600).get(0));
        assertThat(pld.epsilon(halves, 1e-5)).isCloseTo(pld.epsilon(poisson(.01, 1, 1000), 1e-5), within(1e-8));
    }

    @ParameterizedTest
    @CsvSource({"0.5, 0.0305680243471", "1, 0.00261242057863", "2, 2.66557192523e-6", "3, 9.22210533e-10"})
    void tightDelta(double epsilon, double expected) {
        assertThat(pld.delta(poisson(.01, 1, 1000), epsilon)).isBetween(expected * (1 - 1e-6), expected * 1.001);
    }

    @ParameterizedTest
    @CsvSource({
        "0.01, 1, 2, 5.435086381094325e-4",
        "0.01, 1, 3, 8.348726849544128e-4",
        "0.01, 1, 8, 2.684165012688932e-3",
        "0.01, 1, 2.5, 7.37751336006086e-4",
        "0.1, 4, 16, 0.02239127103676052",
        "0.02, 2, 5, 1.170064421496633e-3"
    })
    void divergenceUnderFixedSizeSampling(double rate, double sigma, double order, double expected) {
        FixedSize sampling = new FixedSize((int) Math.round(rate * 1000), 1000);
        PrivacyEvent event =
                new PrivacyEvent(new Gaussian(2 * sigma), sampling, 1); // over the bound, not over twice it
        assertThat(RdpAccountant.divergences(List.of(event), order)[0]).isCloseTo(expected, within(1e-11 * expected));
    }

    @Test
    void epsilonUnderFixedSizeSampling() {
        assertThat(WHOLE_ORDERS.epsilon(
                        List.of(new PrivacyEvent(new Gaussian(2), new FixedSize(10, 1000), 1000)), 1e-5))
                .isCloseTo(3.576111482350549, within(1e-9));
        assertThat(WHOLE_ORDERS.epsilon(
                        List.of(new PrivacyEvent(new Gaussian(4), new FixedSize(100, 5000), 200)), 1e-5))
                .isCloseTo(1.3172213689281, within(1e-9));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2, 0.6191236299985929",
        "1, 10, 0.9286829020966802",
        "0.5, 4, 1.813461611903641",
        "2, 1.5, 0.1559778784857395",
        "10, 32, 0.0782057585889131"
    })
    void divergenceOfLaplaceNoise(double scale, double order, double expected) {
        PrivacyEvent event = new PrivacyEvent(new Laplace(scale), new Poisson(1), 1);
        assertThat(RdpAccountant.divergences(List.of(event), order)[0]).isCloseTo(expected, within(1e-12));
    }

    @Test
    void epsilonOfLaplaceNoise() {
        List<PrivacyEvent> once = List.of(new PrivacyEvent(new Laplace(1), new Poisson(1), 1));
        assertThat(new RdpAccountant().epsilon(once, 1e-5)).isEqualTo(1); // not 1.0028
        assertThat(pld.delta(once, 0)).isCloseTo(.393469340287, within(1e-6));
        assertThat(pld.delta(once, .5)).isCloseTo(.221199216929, within(1e-6));
        assertThat(pld.epsilon(once, .1)).isCloseTo(.7892789686843, within(1e-5));
        List<PrivacyEvent> often = List.of(new PrivacyEvent(new Laplace(10), new Poisson(1), 100));
        assertThat(new RdpAccountant().epsilon(often, 1e-5)).isCloseTo(4.532685704, within(1e-6));
        assertThat(pld.epsilon(often, 1e-5)).isCloseTo(4.22034734722, within(1e-3));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1e-5, 3.73063163481594",
        "1, 1e-6, 4.22467888932684",
        "0.1, 1e-6, 36.3046904261958",
        "0.5, 1e-5, 7.03182667558249",
        "8, 1e-5, 0.600229072198952",
        "10, 1e-6, 0.541086831818366"
    })
    void analyticCalibration(double epsilon, double delta, double expected) {
        assertThat(GaussianMechanism.noiseMultiplier(epsilon, delta)).isCloseTo(expected, within(1e-10 * expected));
        assertThat(GaussianMechanism.epsilon(expected, delta)).isCloseTo(epsilon, within(1e-9));
    }

    @Test
    void exactGaussian() {
        assertThat(GaussianMechanism.epsilon(1, 1e-5)).isCloseTo(4.37717809568122, within(1e-10));
        assertThat(GaussianMechanism.epsilon(2, 1e-5)).isCloseTo(1.99309140441512, within(1e-10));
        assertThat(GaussianMechanism.epsilon(.5, 1e-3)).isCloseTo(7.58127992457011, within(1e-10));
        assertThat(GaussianMechanism.epsilon(10, 1e-6)).isCloseTo(.396857377644084, within(1e-10));
        assertThat(GaussianMechanism.delta(1, 1)).isCloseTo(.126936737506644, within(1e-13));
        assertThat(GaussianMechanism.delta(1, 0)).isCloseTo(.382924922548026, within(1e-13));
        assertThat(GaussianMechanism.delta(2, .5)).isCloseTo(.0524403232876697, within(1e-13));
        assertThat(GaussianMechanism.delta(.5, 3)).isCloseTo(.183813076544472, within(1e-13));
        assertThat(GaussianMechanism.classicNoiseMultiplier(.5, 1e-5)).isCloseTo(9.68961, within(1e-5));
        assertThatThrownBy(() -> GaussianMechanism.classicNoiseMultiplier(10, 1e-6))
                .hasMessage("epsilon of the classic calibration must be in (0, 1), but was 10.0");
    }

    @ParameterizedTest
    @CsvSource({
        "0.7, 2, 1e-5, 10.860203574, 10.1224945839",
        "0.35, 2, 1e-5, 26.28803736, 24.7160778601",
        "1, 5, 1e-6, 13.3763791634, 12.5952467355"
    })
    void composesGaussians(double sigma, int rounds, double delta, double byRenyi, double tight) {
        assertThat(new RdpAccountant().epsilon(poisson(1, sigma, rounds), delta))
                .isCloseTo(byRenyi, withinPercentage(.001));
        assertThat(pld.epsilon(poisson(1, sigma, rounds), delta)).isCloseTo(tight, within(1e-3));
        assertThat(GaussianMechanism.epsilon(sigma / Math.sqrt((double) rounds), delta))
                .isCloseTo(tight, within(1e-9 + 1e-7 * tight));
    }

    @ParameterizedTest
    @CsvSource({
        "8, 1e-5, 0.04, 2250, 1.345899, 1.4158731795",
        "8, 1e-5, 0.04, 2000, 1.2899684, 1.3562395608",
        "1, 1e-6, 0.1, 512, 9.6618293, 10.3641278599",
        "1, 1e-5, 0.01, 1000, 1.4146308486, 1.5131221626"
    })
    void calibratesOnTheSafeSide(double epsilon, double delta, double rate, long rounds, double tight, double byRenyi) {
        PldAccountant coarse = new PldAccountant(1e-3);
        Poisson sampling = new Poisson(rate);
        double multiplier = Calibration.noiseMultiplier(coarse, Gaussian::new, sampling, rounds, epsilon, delta);
        assertThat(multiplier).isCloseTo(tight, withinPercentage(.1));
        assertThat(coarse.epsilon(poisson(rate, multiplier, rounds), delta)).isBetween(epsilon - 1e-6, epsilon);
        RdpAccountant renyi = new RdpAccountant();
        double more = Calibration.noiseMultiplier(renyi, Gaussian::new, sampling, rounds, epsilon, delta);
        assertThat(more).isCloseTo(byRenyi, withinPercentage(.01));
        assertThat(renyi.epsilon(poisson(rate, more, rounds), delta)).isBetween(epsilon - 1e-6, epsilon);
        long affordable = Calibration.rounds(renyi, new Gaussian(more), sampling, epsilon, delta, 1_000_000);
        assertThat(affordable).isEqualTo(rounds);
    }

    /** Each accountant above the true value, the tight one by little: on points that no table has. */
    @ParameterizedTest
    @CsvSource({"0.03, 0.9, 150, 1.5", "0.1, 1.3, 80, 2", "0.5, 3, 60, 3", "1, 4, 20, 1", "0.02, 0.6, 300, 6"})
    void boundsTheTruth(double rate, double multiplier, long rounds, double epsilon) {
        List<PrivacyEvent> events = poisson(rate, multiplier, rounds);
        double truth = FourierOracle.delta(events, epsilon);
        assertThat(truth).isGreaterThan(1e-9);
        assertThat(pld.delta(events, epsilon)).isBetween(truth - 1e-10, truth * 1.001 + 1e-10);
        assertThat(new RdpAccountant().delta(events, epsilon)).isGreaterThan(truth);
    }

    @Test
    void holdsForExtremeNoise() {
        for (double sigma : new double[] {.25, .29, 30}) {
            double exact = GaussianMechanism.epsilon(sigma, 1e-5);
            assertThat(pld.epsilon(poisson(1, sigma, 1), 1e-5)).isBetween(exact - 1e-9, exact * (1 + 1e-4) + 1e-5);
        }
        assertThat(new PldAccountant(1e-2).epsilon(poisson(.5, .033, 1), 1e-5)).isGreaterThan(300);
        for (double sigma : new double[] {1e-3, .01, 1e3, 1e5}) {
            PrivacyEvent fixed = new PrivacyEvent(new Gaussian(sigma), new FixedSize(100, 1000), 1000);
            assertThat(new RdpAccountant().epsilon(List.of(fixed), 1e-5)).isGreaterThanOrEqualTo(0);
        }
        assertThat(Calibration.noiseMultiplier(new PldAccountant(1e-3), Gaussian::new, new Poisson(1), 1, 12, 1e-5))
                .isCloseTo(GaussianMechanism.noiseMultiplier(12, 1e-5), withinPercentage(.01));
        assertThat(Calibration.noiseMultiplier(new PldAccountant(1e-2), Gaussian::new, new Poisson(1e-6), 1, 1, 1e-5))
                .as("delta alone pays")
                .isLessThan(.11);
    }

    /** So many rounds with all clients and noise that grows with their root are exactly one release with that noise. */
    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1, 100",
        "1, 10000",
        "1, 1000000",
        "30, 1",
        "30, 10000",
        "300, 1",
        "300, 100",
        "0.2, 1",
        "0.2, 100"
    })
    void manyRoundsAreOneGaussianAtEveryDelta(double multiplier, long rounds) {
        PldAccountant usual = new PldAccountant(1e-3);
        List<PrivacyEvent> events = poisson(1, multiplier * Math.sqrt((double) rounds), rounds);
        for (double delta : new double[] {.05, 1e-5, 1e-9, 1e-10, 1e-11, 1e-12}) {
            double exact = GaussianMechanism.epsilon(multiplier, delta);
            double epsilon = usual.epsilon(events, delta);
            assertThat(epsilon).as("delta %s", delta).isBetween(exact * (1 - 1e-9), exact * (1 + 1e-3));
            assertThat(epsilon).isLessThanOrEqualTo(new RdpAccountant().epsilon(events, delta));
        }
    }

    @Test
    void growsAndShrinksAsItShould() {
        for (PrivacyAccountant accountant : List.of(new RdpAccountant(), new PldAccountant(1e-3))) {
            double base = accountant.epsilon(poisson(.02, 1.2, 300), 1e-5);
            assertThat(accountant.epsilon(poisson(.03, 1.2, 300), 1e-5)).isGreaterThan(base);
            assertThat(accountant.epsilon(poisson(.02, 1.1, 300), 1e-5)).isGreaterThan(base);
            assertThat(accountant.epsilon(poisson(.02, 1.2, 400), 1e-5)).isGreaterThan(base);
            assertThat(accountant.epsilon(poisson(.02, 1.2, 300), 1e-6)).isGreaterThan(base);
            assertThat(accountant.epsilon(List.of(), 1e-5)).isZero();
            assertThat(accountant.epsilon(poisson(.02, 1.2, 0), 1e-5)).isZero();
            assertThat(accountant.epsilon(poisson(.02, 0, 1), 1e-5)).isInfinite();
            assertThat(accountant.delta(poisson(.02, 0, 1), 3)).isEqualTo(1);
        }
    }

    /** Fixed-size cohorts cost many times what Poisson cohorts do; the same number for both would be wrong. */
    @Test
    void fixedSizeIsNotPoisson() {
        double poisson = new RdpAccountant().epsilon(poisson(.01, 1, 1000), 1e-5);
        double fixed = new RdpAccountant()
                .epsilon(List.of(new PrivacyEvent(new Gaussian(1), new FixedSize(10, 1000), 1000)), 1e-5);
        assertThat(fixed).isGreaterThan(5 * poisson);
    }

    @Test
    void refusesWhatItCannotAccount() {
        PrivacyEvent fixed = new PrivacyEvent(new Gaussian(1), new FixedSize(10, 1000), 1);
        assertThatThrownBy(() -> pld.epsilon(List.of(fixed), 1e-5))
                .hasMessage("sampling must be Poisson, or account with RdpAccountant, but was"
                        + " FixedSize[cohort=10, population=1000]");
        assertThatThrownBy(() -> new RdpAccountant()
                        .epsilon(List.of(fixed, poisson(.1, 1, 1).get(0)), 1e-5))
                .hasMessage("neighbouring relation of all events must be the same, REPLACE_ONE, but was"
                        + " ADD_OR_REMOVE_ONE");
        assertThatThrownBy(() -> new RdpAccountant()
                        .epsilon(List.of(new PrivacyEvent(new Laplace(1), new Poisson(.5), 1)), 1e-5))
                .hasMessage("sampling of Laplace noise must be everyone, Poisson[rate=1.0], for there is no bound here"
                        + " for others, but was Poisson[rate=0.5]");
        assertThatThrownBy(() -> pld.epsilon(poisson(.1, 1, 1), 1e-13))
                .hasMessage("delta must be in [1.0E-12, 1), but was 1.0E-13");
        assertThatThrownBy(() -> new Poisson(0)).hasMessage("rate must be in (0, 1], but was 0.0");
        assertThatThrownBy(() -> new FixedSize(11, 10)).hasMessage("cohort must be in [1, 10], but was 11");
        assertThatThrownBy(() -> new Gaussian(-1))
                .hasMessage("noiseMultiplier must be at least 0 and finite, but was -1.0");
        assertThatThrownBy(() -> new RdpAccountant(1)).hasMessage("order must be above 1 and finite, but was 1.0");
    }
}
