package org.fl4j.aggregators.mira;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.TrainingFacts;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.DecoratorContext;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;

class MiraTest extends TensorTest {
    private static final double[][] TRIANGLE = {{0, .5, .3}, {.5, 0, .8}, {.3, .8, 0}};

    /** Local training that ends at these models, from a common start of zeros. */
    private float[][] drawn(Mira mira, double rate, double[]... trained) {
        TestClientStates states = new TestClientStates();
        MiraServer server = new MiraServer(
                new NoServer(),
                new DecoratorContext(
                        states,
                        UpdatePolicy.all(),
                        (available, count, round, state) -> List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        ClientDirectory.ofRange(trained.length, client -> 10)),
                mira);
        ServerState state = state(vector(new double[trained[0].length]));
        List<ModelUpdate> updates = new ArrayList<>();
        for (int client = 0; client < trained.length; client++) {
            updates.add(new ModelUpdate(new ClientId(client), 0, 10, 5, vector(trained[client]), Metrics.none())
                    .with(TrainingFacts.LEARNING_RATE, rate));
        }
        RoundContext round = new RoundContext(1, new Seed(7), /* clientCount= */ trained.length);
        RoundPlan plan = RoundPlan.of(List.of(), SharedMessage.of(state));
        ServerUpdate update = server.update(state, plan, updates::iterator, round);
        float[][] models = new float[trained.length][];
        List<ClientId> all = updates.stream().map(ModelUpdate::client).toList();
        RoundPlan next = server.evaluation(update.state(), all, round);
        for (int client = 0; client < trained.length; client++) {
            models[client] =
                    next.task(new ClientId(client), round(2)).model().floats().toFloatArray();
        }
        return models;
    }

    /** Computed in float64 with numpy. */
    @Test
    void drawsModelsTogetherFromOneSnapshot() {
        float[][] models = drawn(
                new Mira(ClientGraph.of(TRIANGLE), .1), .01, new double[] {1, 2}, new double[] {3, -1}, new double[] {
                    0, 4
                });
        assertThat(models[0]).containsExactly(new float[] {1.0035f, 1.9955f}, within(1e-6f));
        assertThat(models[1]).containsExactly(new float[] {2.983f, -.9725f}, within(1e-6f));
        assertThat(models[2]).containsExactly(new float[] {.0135f, 3.977f}, within(1e-6f));
    }

    @Test
    void keepsTheSumOfModelsAndAFixedPoint() {
        ClientGraph graph = ClientGraph.random(3, .25, new Seed(4));
        float[][] models = drawn(new Mira(graph, .5), .1, new double[] {1}, new double[] {3}, new double[] {-7});
        assertThat(models[0][0] + models[1][0] + models[2][0]).isCloseTo(-3, within(1e-5f));
        float[][] equal = drawn(new Mira(graph, .5), .1, new double[] {2}, new double[] {2}, new double[] {2});
        for (float[] model : equal) {
            assertThat(model[0]).isCloseTo(2, within(1e-6f));
        }
    }

    @Test
    void isLocalTrainingWithoutCoupling() {
        float[][] models =
                drawn(new Mira(ClientGraph.of(TRIANGLE), 0), .01, new double[] {1}, new double[] {3}, new double[] {0});
        assertThat(models).isDeepEqualTo(new float[][] {{1}, {3}, {0}});
    }

    @Test
    void meansOfAFullGraphAreReachedInOneStep() {
        double third = 1 / 3.0;
        double[][] full = {{0, third, third}, {third, 0, third}, {third, third, 0}};
        float[][] models =
                drawn(new Mira(ClientGraph.of(full), 1), .2, new double[] {1}, new double[] {3}, new double[] {5});
        for (float[] model : models) {
            assertThat(model[0]).isCloseTo(3, within(1e-6f));
        }
    }

    @Test
    void boundsTheCouplingByTheSpectrum() {
        assertThat(ClientGraph.of(new double[][] {{0, 1}, {1, 0}}).largestEigenvalue())
                .isCloseTo(2, within(1e-9));
        double[][] path = {{0, 1, 0}, {1, 0, 1}, {0, 1, 0}};
        assertThat(ClientGraph.of(path).largestEigenvalue()).isCloseTo(3, within(1e-9));
        assertThatThrownBy(() -> drawn(
                        new Mira(ClientGraph.of(path), 1.4), .1, new double[] {1}, new double[] {3}, new double[] {5}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "rate * steps * lambda * largest eigenvalue of the graph's Laplacian must be below 2, or"
                                + " models diverge (choose lambda below 1.3333");
    }

    /**
     * Half of the bound: 2 clients with weight 1 have the eigenvalue 2, so that rate * steps * lambda is 1 / 2 and both
     * meet in the middle.
     */
    @Test
    void scalesTheCouplingToHalfOfWhatIsStable() {
        ClientGraph pair = ClientGraph.of(new double[][] {{0, 1}, {1, 0}});
        for (double rate : new double[] {.001, .1, 10}) {
            float[][] models = drawn(new Mira(pair), rate, new double[] {1}, new double[] {3});
            assertThat(models[0][0]).isCloseTo(2, within(1e-6f));
            assertThat(models[1][0]).isCloseTo(2, within(1e-6f));
        }
    }

    @Test
    void aRandomGraphHasAsManyClientsAsTheRun() {
        GraphOfClients random = new RandomClientGraph(.25, new Seed(1));
        assertThat(random.of(4).size()).isEqualTo(4);
        assertThat(random.of(7).size()).isEqualTo(7);
        assertThatThrownBy(() -> ClientGraph.of(TRIANGLE).of(4))
                .hasMessage("clients of MIRA's graph must be the run's, 4, but was 3");
    }

    @Test
    void drawsSymmetricGraphsFromASeed() {
        ClientGraph graph = ClientGraph.random(30, .25, new Seed(1));
        ClientGraph same = ClientGraph.random(30, .25, new Seed(1));
        double sum = 0;
        for (int i = 0; i < 30; i++) {
            for (int j = 0; j < 30; j++) {
                double weight = graph.weight(new ClientId(i), new ClientId(j));
                assertThat(weight).isEqualTo(graph.weight(new ClientId(j), new ClientId(i)));
                assertThat(weight).isEqualTo(same.weight(new ClientId(i), new ClientId(j)));
                assertThat(weight == 0 || weight >= .25).isTrue();
                sum += weight;
            }
            assertThat(graph.weight(new ClientId(i), new ClientId(i))).isZero();
        }
        assertThat(sum / (30 * 29)).isCloseTo(.48, within(.05));
    }

    @Test
    void findsWhoIsAlike() {
        ClientGraph graph = ClientGraph.ofSimilarity(new double[][] {{3, 0, 1}, {6, 0, 2}, {0, 5, 0}}, .3);
        assertThat(graph.weight(new ClientId(0), new ClientId(1))).isCloseTo(1, within(1e-12));
        assertThat(graph.weight(new ClientId(0), new ClientId(2))).isZero();
    }

    @Test
    void refusesWhatIsNoGraph() {
        assertThatThrownBy(() -> ClientGraph.of(new double[][] {{0, 1}, {2, 0}}))
                .hasMessage("weight of clients 0 and 1 must be symmetric, 2.0, but was 1.0");
        assertThatThrownBy(() -> ClientGraph.of(new double[][] {{1}}))
                .hasMessage("weight of client 0 and itself must be 0, but was 1.0");
        assertThatThrownBy(() -> ClientGraph.ofSimilarity(new double[][] {{0, 0}}, 0))
                .hasMessage("vector of client 0 must be not zero, but was [0.0, 0.0]");
    }

    /** In place of the composed server, of which only the start and the selection are used in runs. */
    private static final class NoServer implements Server {
        @Override
        public ServerState initialState() {
            throw new UnsupportedOperationException("not used");
        }

        @Override
        public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
            throw new UnsupportedOperationException();
        }

        @Override
        public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
            return RoundPlan.of(clients, SharedMessage.of(state));
        }

        @Override
        public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
            throw new UnsupportedOperationException("not used");
        }

        @Override
        public Metrics evaluate(ServerState state, RoundContext round) {
            return Metrics.none();
        }
    }
}
