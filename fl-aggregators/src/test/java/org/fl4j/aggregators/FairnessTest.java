package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Seed;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class FairnessTest extends TensorTest {
    private static ModelUpdate withLoss(ModelUpdate update, double loss) {
        return update.with(ReceivedLoss.LOSS, loss).with(TrainingFacts.LEARNING_RATE, .1);
    }

    @Nested
    class QFedAvgContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new QFedAvg(0).aggregator(); // for q > 0 a common delta is shortened by the step size rule
        }

        @Override
        protected ModelUpdate sent(ModelUpdate update) {
            return withLoss(update, 1 + update.client().index());
        }
    }

    @Nested
    class AflContract extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new AgnosticFederatedLearning(.1).aggregator();
        }

        @Override
        protected ModelUpdate sent(ModelUpdate update) {
            return withLoss(update, 1 + update.client().index());
        }
    }

    private float[] step(double q) {
        Aggregation aggregation = new QFedAvg(q).aggregator().begin(round(), state(vector(1, 1)));
        aggregation.add(withLoss(update(0, 10, vector(-.1, .1)), .5));
        aggregation.add(withLoss(update(1, 90, vector(.2, -.2)), 2));
        return values(aggregation.combine().delta().orElseThrow());
    }

    /** Computed in float64 with numpy: models [1, 1], [0.9, 1.1] with loss 0.5 and [1.2, 0.8] with loss 2, rate 0.1. */
    @Test
    void movesMoreForHigherLosses() {
        assertThat(step(0)).containsExactly(new float[] {.05f, -.05f}, within(1e-7f));
        assertThat(step(1)).containsExactly(new float[] {.1f, -.1f}, within(1e-7f));
    }

    @Test
    void refusesAnUpdateWithoutItsLoss() {
        Aggregation aggregation = new QFedAvg(1).aggregator().begin(round(), state(vector(1, 1)));
        assertThat(aggregation.onModelUpdate(update(0, 10, vector(1, 1))))
                .isEqualTo(new Admission.Rejected(
                        RejectionReason.REFUSED,
                        "fact received/loss must be there, at least 0 and finite, but was NaN"));
    }

    @Test
    void refusesALossThatIsNone() {
        Aggregation aggregation = new AgnosticFederatedLearning(.1).aggregator().begin(round(), state(vector(1, 1)));
        for (double loss : new double[] {-1, Double.POSITIVE_INFINITY, Double.NaN}) {
            assertThat(aggregation.onModelUpdate(withLoss(update(0, 10, vector(1, 1)), loss)))
                    .isInstanceOf(Admission.Rejected.class);
        }
    }

    @Test
    void shiftsWeightToTheClientThatIsWorstOff() {
        ServerState state = state(vector(0));
        for (int round = 1; round <= 3; round++) {
            Aggregation aggregation =
                    new AgnosticFederatedLearning(.05).aggregator().begin(round(round), state);
            aggregation.add(withLoss(update(0, 10, vector(-1)), .1));
            aggregation.add(withLoss(update(1, 10, vector(1)), 3));
            Aggregate aggregate = aggregation.combine();
            state = new ServerState(round, state.model(), aggregate.strategy());
            float expected = round == 1 ? 0 : .4f;
            assertThat(values(aggregate.delta().orElseThrow())[0]).isGreaterThanOrEqualTo(expected);
        }
        float[] weights = state.strategy().tensor("afl/weights").orElseThrow().toFloatArray();
        assertThat(weights[1]).isGreaterThan(.4f);
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        assertThat(sum).isCloseTo(1, within(1e-6));
    }

    @Test
    void projectsOntoTheSimplex() {
        assertThat(AgnosticFederatedLearning.projected(.2, .3, .5))
                .containsExactly(new float[] {.2f, .3f, .5f}, within(1e-7f));
        assertThat(AgnosticFederatedLearning.projected(2, 0, 0)).containsExactly(1, 0, 0);
        assertThat(AgnosticFederatedLearning.projected(.7, .7, -1))
                .containsExactly(new float[] {.5f, .5f, 0}, within(1e-7f));
    }

    @Nested
    class LeastNorm extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedMgda(false, 1);
        }
    }

    /** Computed by hand: of (1, 0) and (0, 2) the point (0.8, 0.4), of squared norm 0.8; normalised (0.5, 0.5). */
    @Test
    void findsTheConvexCombinationOfLeastNorm() {
        double[][] products = {{1, 0}, {0, 4}};
        assertThat(FedMgda.leastNorm(products, 1)).containsExactly(new double[] {.8, .2}, within(1e-9));
        assertThat(FedMgda.leastNorm(products, .1)).containsExactly(new double[] {.6, .4}, within(1e-9));
        assertThat(leastNorm(new FedMgda(false, 1))).containsExactly(new float[] {.8f, .4f}, within(1e-6f));
        assertThat(leastNorm(new FedMgda())).containsExactly(new float[] {.5f, .5f}, within(1e-6f));
    }

    private float[] leastNorm(Aggregator aggregator) {
        Aggregation aggregation = aggregator.begin(round(), state(vector(0, 0)));
        aggregation.add(update(0, 10, vector(1, 0)));
        aggregation.add(update(1, 90, vector(0, 2)));
        return values(aggregation.combine().delta().orElseThrow());
    }

    /**
     * For every client the inner product with its delta is at least the squared norm: Minkowski's theorem at the
     * optimum.
     */
    @Test
    void theCombinationMakesNobodyWorse() {
        double[][] deltas = new double[6][];
        for (int i = 0; i < 6; i++) {
            deltas[i] = new Seed(i).generator().doubles(8, -.4, 1).toArray();
        }
        double[][] products = new double[6][6];
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 6; j++) {
                for (int k = 0; k < 8; k++) {
                    products[i][j] += deltas[i][k] * deltas[j][k];
                }
            }
        }
        double[] weights = FedMgda.leastNorm(products, 1);
        double norm = 0;
        double[] along = new double[6];
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 6; j++) {
                along[i] += products[i][j] * weights[j];
            }
            norm += weights[i] * along[i];
        }
        assertThat(norm).isPositive();
        for (double each : along) {
            assertThat(each).isGreaterThanOrEqualTo(norm - 1e-8);
        }
    }
}
