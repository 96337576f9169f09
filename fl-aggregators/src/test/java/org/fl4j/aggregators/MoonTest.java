package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.expression.Expression;
import org.fl4j.expression.Leaf;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.ModelFactory;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MoonTest extends TensorTest {
    private static final double[] LOGITS = {1, -.5, 2};
    private static final double[] RECEIVED = {.5, -1, 2, 0};
    private static final double[] LAST = {1, 1, -.5, .25};
    private static final double[] FEATURES = {.3, .8, 1.5, -.2};
    private static final double MU = .7;
    private static final double TEMPERATURE = .5;
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(120, 20, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private NDArray row(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return Tensors.create(manager, floats, new Shape(1, floats.length));
    }

    private NDArray value(Leaf leaf) {
        return switch (leaf.source()) {
            case PREDICTIONS -> row(LOGITS);
            case LABELS -> Tensors.create(manager, new long[] {1});
            case OUTPUT -> row(FEATURES);
            case PER_EXAMPLE -> row(leaf.name().equals("received") ? RECEIVED : LAST);
            default -> row(1);
        };
    }

    private static double loss(double... features) {
        double normaliser = 0;
        for (double logit : LOGITS) {
            normaliser += Math.exp(logit);
        }
        double toReceived = Math.exp(cosine(features, RECEIVED) / TEMPERATURE);
        double toLast = Math.exp(cosine(features, LAST) / TEMPERATURE);
        return Math.log(normaliser) - LOGITS[1] - MU * Math.log(toReceived / (toReceived + toLast));
    }

    private static double cosine(double[] a, double[] b) {
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** The paper's equations 3 and 4 in float64, and finite differences of them at the features. */
    @Test
    void isTheLossOfTheEquations() {
        Expression loss = new Moon(MU, TEMPERATURE).loss();
        Function<Leaf, NDArray> values = this::value;
        assertThat((double) loss.evaluate(values).toFloatArray()[0]).isCloseTo(loss(FEATURES), within(1e-6));
        float[] gradient = loss.gradient(Expression.output(Models.FEATURES))
                .evaluate(values)
                .toFloatArray();
        for (int i = 0; i < FEATURES.length; i++) {
            double[] more = FEATURES.clone();
            double[] less = FEATURES.clone();
            more[i] += 1e-5;
            less[i] -= 1e-5;
            assertThat((double) gradient[i]).isCloseTo((loss(more) - loss(less)) / 2e-5, within(1e-6));
        }
    }

    private static float[] after(int rounds, double mu) {
        SimulationBuilder run = Simulation.builder()
                .task(Models.withFeatures(Models.mnist2nn()))
                .data(Partitioners.dirichlet(.5).federated(digits, 3, new Seed(2)))
                .algorithm(new Moon(mu, TEMPERATURE))
                .cohortSize(3)
                .rounds(rounds)
                .seed(4);
        try (RunResult result = run.training(LocalTraining.sgd(.05)).build().run()) {
            return values(result.state().model());
        }
    }

    /** In its first round a client has no model of its own to go away from. */
    @Test
    void contrastsFromTheSecondRoundOn() {
        assertThat(after(1, 2)).containsExactly(after(1, 0), within(1e-6f));
        assertThat(after(2, 2)).isNotEqualTo(after(2, 0));
    }

    @Test
    void refusesNumbersThatMakeNoSenseAndNetworksWithoutTheLayer() {
        assertThat(StrategyRegistry.load()
                        .parse(ModelFactory.class, "2nn:features=true")
                        .task(new Shape(1, 28, 28), 10))
                .isEqualTo(Models.withFeatures(Models.mnist2nn()));
        assertThatThrownBy(() ->
                        Models.withFeatures(LearningTask.classification(Network.of(new Layer.Dense(10)), new Shape(4))))
                .hasMessageStartingWith("model with features must be a network of two layers at least");
        assertThatThrownBy(() -> new Moon(-1, 1)).hasMessageStartingWith("mu must be at least 0");
        assertThatThrownBy(() -> new Moon(1, 0)).hasMessageStartingWith("temperature must be positive");
        assertThatThrownBy(() -> Simulation.builder()
                        .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                        .data(Partitioners.iid().federated(digits, 3, new Seed(2)))
                        .training(LocalTraining.sgd(.1))
                        .algorithm(new Moon(1, .5))
                        .cohortSize(3)
                        .rounds(1)
                        .build()
                        .run())
                .hasStackTraceContaining("but was features");
    }
}
