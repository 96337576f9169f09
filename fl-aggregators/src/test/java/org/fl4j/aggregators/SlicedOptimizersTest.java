package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.Slice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Server optimizers with momentum leave alone what no client of a round has sent. */
class SlicedOptimizersTest {
    private static final int CLASSES = 10; // whose weights are trained after the first round
    private static final int ALL = 16; // outputs

    /** Sends the whole model in the first round, and then only some classes' weights. */
    private static RoundPlan sliced(RoundPlan plan, RoundContext round) {
        if (round.number() == 1) {
            return plan;
        }
        Slice slice = new Slice(Map.of(
                "02Linear_weight", List.of(Slice.Axis.first(CLASSES), Slice.Axis.whole()),
                "02Linear_bias", List.of(Slice.Axis.first(CLASSES))));
        RoundPlan sliced = plan;
        for (ClientId client : plan.cohort()) {
            sliced = sliced.withOrder(client, order -> order.withSlice(slice));
        }
        return sliced;
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "fedavgm", "fedadam", "fedyogi", "fedadagrad"})
    void keepWhatNobodySent(String name) {
        List<float[]> models = new ArrayList<>();
        try (Dataset digits = Digits.generate(200, 20, new Seed(1));
                RunResult result = Simulation.builder()
                        .task(Models.softmaxRegression(new Shape(1, 28, 28), ALL))
                        .data(digits.federated(
                                Partitioners.iid().partition(digits.train().classIndices(), 4, new Seed(1))))
                        .training(LocalTraining.sgd(.1))
                        .selector(new UniformSelector())
                        .aggregator(new FedAvg())
                        .serverOptimizer(StrategyRegistry.load().parse(ServerOptimizer.class, name))
                        .cohortSize(4)
                        .rounds(3)
                        .server((server, run) -> new ForwardingServer(server) {
                            @Override
                            public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                                return sliced(super.plan(state, available, round), round);
                            }
                        })
                        .listener(new RunListener() {
                            @Override
                            public void roundEnded(RoundReport report, ServerState state) {
                                models.add(state.model().floats().toFloatArray());
                            }
                        })
                        .build()
                        .run()) {
            assertThat(result.history())
                    .allSatisfy(round -> assertThat(round.rejected()).isEmpty());
        }
        for (int round = 1; round < 3; round++) {
            assertThat(part(models.get(round), CLASSES, ALL)).isEqualTo(part(models.get(0), CLASSES, ALL));
            assertThat(part(models.get(round), 0, CLASSES)).isNotEqualTo(part(models.get(round - 1), 0, CLASSES));
        }
    }

    /** The weights and biases of some classes. */
    private static List<Float> part(float[] model, int from, int to) {
        List<Float> part = new ArrayList<>();
        for (int i = 784 * from; i < 784 * to; i++) {
            part.add(model[i]);
        }
        for (int i = 784 * ALL + from; i < 784 * ALL + to; i++) {
            part.add(model[i]);
        }
        return part;
    }
}
