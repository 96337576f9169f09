package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.fixture.LeastSquares;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

/** Algorithms on two clients with two points each, against their recursions in float64. */
class TwoClientsByHandTest extends TensorTest {
    private static final int ROUNDS = 4;
    private static final int STEPS = 3;
    private static final double RATE = .05;

    private SimulationBuilder run(Algorithm algorithm) {
        return LeastSquares.twoClients(manager)
                .training(LocalTraining.sgd(RATE).fullBatch().steps(STEPS))
                .algorithm(algorithm)
                .rounds(ROUNDS);
    }

    private void assertEnds(Algorithm algorithm, double... expected) {
        assertThat(new double[] {expected[0], expected[1]}).isNotEqualTo(new double[2]);
        float[] line = LeastSquares.line(run(algorithm));
        assertThat((double) line[0]).as("slope").isCloseTo(expected[0], within(2e-6));
        assertThat((double) line[1]).as("intercept").isCloseTo(expected[1], within(2e-6));
    }

    private static double[] sum(double[] a, double scale, double... b) {
        return new double[] {a[0] + scale * b[0], a[1] + scale * b[1]};
    }

    /** Returns the mean over the clients of what they move in a round, by steps along directions. */
    private static double[] moved(
            double[] start, BinaryOperator<double[]> ofClient0, BinaryOperator<double[]> ofClient1) {
        double[] all = {0, 0};
        for (BinaryOperator<double[]> direction : List.of(ofClient0, ofClient1)) {
            double[] line = start;
            for (int step = 0; step < STEPS; step++) {
                line = sum(line, -RATE, direction.apply(line, start));
            }
            all = sum(all, .5, sum(line, -1, start));
        }
        return all;
    }

    /** The same, with directions that follow from a client's gradient. */
    private static double[] moved(double[] start, UnaryOperator<double[]> ofGradient) {
        return moved(
                start,
                (line, from) -> ofGradient.apply(LeastSquares.gradient(0, line)),
                (line, from) -> ofGradient.apply(LeastSquares.gradient(1, line)));
    }

    @Test
    void fedCm() {
        double alpha = .4;
        double[] line = {0, 0};
        double[] direction = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            double[] last = direction;
            double[] delta = moved(line, gradient -> sum(sum(new double[2], alpha, gradient), 1 - alpha, last));
            line = sum(line, 1, delta);
            direction = sum(new double[2], -1 / (RATE * STEPS), delta);
        }
        assertEnds(new FedCm(alpha), line);
        assertThatThrownBy(() -> new FedCm(0)).hasMessageStartingWith("alpha must be");
        assertThatThrownBy(() -> run(new FedCm(.5))
                        .training(LocalTraining.sgd(.1).optimizer(new ClientOptimizer.Sgd(.9, 0)))
                        .build()
                        .run())
                .hasStackTraceContaining("optimizer of FedCM's clients must be SGD without momentum of its own");
    }

    @Test
    void fedAcg() {
        double lambda = .85;
        double beta = .3;
        double[] line = {0, 0};
        double[] momentum = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            double[] start = sum(line, lambda, momentum);
            double[] delta = moved(
                    start,
                    (w, from) -> sum(LeastSquares.gradient(0, w), beta, sum(w, -1, from)),
                    (w, from) -> sum(LeastSquares.gradient(1, w), beta, sum(w, -1, from)));
            momentum = sum(delta, lambda, momentum);
            line = sum(line, 1, momentum);
        }
        assertEnds(new FedAcg(lambda, beta), sum(line, lambda, momentum));
        assertThatThrownBy(() -> new FedAcg(1, 0)).hasMessageStartingWith("momentum must be");
        assertThatThrownBy(() -> new FedAcg(0, -1)).hasMessageStartingWith("beta must be");
    }

    @Test
    void mime() {
        double beta = .6;
        double[] line = {0, 0};
        double[] momentum = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            double[] control =
                    sum(sum(new double[2], .5, LeastSquares.gradient(0, line)), .5, LeastSquares.gradient(1, line));
            double[] m = momentum;
            double[] x = line;
            double[] delta = moved(
                    line,
                    (w, from) -> corrected(LeastSquares.gradient(0, w), LeastSquares.gradient(0, x), control, m, beta),
                    (w, from) -> corrected(LeastSquares.gradient(1, w), LeastSquares.gradient(1, x), control, m, beta));
            line = sum(line, 1, delta);
            momentum = sum(sum(new double[2], beta, momentum), 1 - beta, control);
        }
        assertEnds(new Mime(beta), line);
        assertThatThrownBy(() -> new Mime(1)).hasMessageStartingWith("momentum must be");
    }

    private static double[] corrected(double[] here, double[] there, double[] control, double[] momentum, double beta) {
        double[] unbiased = sum(sum(here, -1, there), 1, control);
        return sum(sum(new double[2], 1 - beta, unbiased), beta, momentum);
    }

    /** A round of MIME sends gradients before it trains, which count among its bytes: two floats more, each way. */
    @Test
    void mimeHasTwoExchanges() {
        try (RunResult two = run(new Mime(.5)).build().run();
                RunResult one = run(new FedCm(1)).build().run()) {
            long bytes = one.history().get(0).bytesUp();
            assertThat(bytes).isEqualTo(2 * 2 * Float.BYTES);
            assertThat(two.history().get(0).bytesUp()).isEqualTo(2 * bytes);
        }
    }

    @Test
    void fedSam() {
        double radius = .2;
        BinaryOperator<double[]> away =
                (line, gradient) -> sum(line, radius / Math.hypot(gradient[0], gradient[1]), gradient);
        assertEnds(new FedSam(radius), sharpnessAware(away));
        assertThatThrownBy(() -> new FedSam(0)).hasMessageStartingWith("radius must be positive");
    }

    @Test
    void fedAsam() {
        double radius = .3;
        double offset = .1;
        BinaryOperator<double[]> away = (line, gradient) -> {
            double[] t = {Math.abs(line[0]) + offset, Math.abs(line[1]) + offset};
            double length = Math.hypot(t[0] * gradient[0], t[1] * gradient[1]);
            return sum(line, radius / length, t[0] * t[0] * gradient[0], t[1] * t[1] * gradient[1]);
        };
        assertEnds(new FedSam.Adaptive(radius, offset), sharpnessAware(away));
        assertThatThrownBy(() -> new FedSam.Adaptive(1, -1)).hasMessageStartingWith("offset must be at least 0");
    }

    private static double[] sharpnessAware(BinaryOperator<double[]> away) {
        double[] line = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            line = sum(
                    line,
                    1,
                    moved(
                            line,
                            (w, from) -> LeastSquares.gradient(0, away.apply(w, LeastSquares.gradient(0, w))),
                            (w, from) -> LeastSquares.gradient(1, away.apply(w, LeastSquares.gradient(1, w)))));
        }
        return line;
    }

    /** Without their terms they are FedAvg. */
    @Test
    void withoutTheirTermsTheyAreFedAvg() {
        double[] line = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            line = sum(line, 1, moved(line, gradient -> gradient));
        }
        assertEnds(new FedCm(1), line);
        assertEnds(new FedAcg(0, 0), line);
    }
}
