package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.fixture.ErrorFeedback;
import org.fl4j.fixture.HalfPrecision;
import org.fl4j.fixture.SlicingServer;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.DeviceProfile;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.World;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients that train a part of the model: half of them train the first half of the hidden units. */
class SlicesTest extends TensorTest {
    private static final int UNITS = 8;
    private static final int SOME = 4;
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Fixtures.digits();
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static LearningTask task(int units) {
        return LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.Dense(units), new Layer.Tanh(), new Layer.Dense(10)),
                new Shape(1, 28, 28));
    }

    private static List<String> names(LearningTask task) {
        try (FederatedModel model = new FederatedModel(task)) {
            return model.layout().parameters().stream()
                    .map(ParameterLayout.Entry::name)
                    .toList();
        }
    }

    /** The first hidden units: rows of the first layer, and columns of the second. */
    private static Slice first(int units) {
        List<String> names = names(task(UNITS));
        return new Slice(Map.of(
                names.get(0), List.of(Slice.Axis.first(units), Slice.Axis.whole()),
                names.get(1), List.of(Slice.Axis.first(units)),
                names.get(2), List.of(Slice.Axis.whole(), Slice.Axis.first(units))));
    }

    private static SimulationBuilder run() {
        return Fixtures.softmaxRun(digits)
                .task(task(UNITS))
                .aggregator(new FedAvg())
                .cohortSize(Fixtures.CLIENTS);
    }

    private static SimulationBuilder sliced(int units) {
        return run().server(SlicingServer.everyOther(first(units)));
    }

    private static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    /** What clients sent in the first round. */
    private record Sent(long examples, List<Float> delta) {}

    private static List<Float> floats(ParameterVector vector) {
        List<Float> floats = new ArrayList<>();
        for (float value : vector.floats().toFloatArray()) {
            floats.add(value);
        }
        return floats;
    }

    private static float[] afterOneRound(SimulationBuilder run, Map<Integer, Sent> sent) {
        UpdateTransform seen = (update, task) -> {
            sent.put(update.client().index(), new Sent(update.exampleCount(), floats(update.delta())));
            return update;
        };
        try (RunResult result = run.rounds(1).uploadTransform(seen).build().run()) {
            return result.state().model().floats().toFloatArray();
        }
    }

    private static float[] start() {
        try (FederatedModel model = new FederatedModel(task(UNITS));
                ParameterVector drawn =
                        model.initial(new Seed(3).derive("initial model"), TensorEngine.newManager(Device.cpu()))) {
            return drawn.floats().toFloatArray();
        }
    }

    /** The mean of each coordinate over the clients that sent it, by hand in float64. */
    @Test
    void eachCoordinateIsTheMeanOfThoseWhoSentIt() {
        Map<Integer, Sent> sent = new ConcurrentHashMap<>();
        float[] next = afterOneRound(sliced(SOME), sent);
        float[] before = start();
        double[] sums = new double[before.length];
        double[] weights = new double[before.length];
        assertThat(sent).hasSize(Fixtures.CLIENTS);
        sent.forEach((client, update) -> {
            int units = client % 2 == 0 ? SOME : UNITS;
            assertThat(update.delta()).hasSize(784 * units + units + 10 * units + 10);
            int position = 0;
            for (int i = 0; i < before.length; i++) {
                if (has(i, units)) {
                    sums[i] += (double) update.examples() * update.delta().get(position++);
                    weights[i] += update.examples();
                }
            }
        });
        for (int i = 0; i < before.length; i++) {
            assertThat((double) next[i]).isCloseTo(before[i] + sums[i] / weights[i], within(1e-6));
        }
    }

    /** Weights of 784 inputs, biases, weights of ten outputs, biases. */
    private static boolean has(int i, int units) {
        int biases = 784 * UNITS;
        int outputs = biases + UNITS;
        if (i < biases) {
            return i / 784 < units;
        }
        if (i < outputs) {
            return i - biases < units;
        }
        return i >= outputs + 10 * UNITS || (i - outputs) % UNITS < units;
    }

    /**
     * If nobody trains the last units, they keep their values, whatever the server optimizer does with a delta of 0.
     */
    @Test
    void whatNobodySendsKeepsItsValue() {
        ServerOptimizer restless = (model, delta, state) -> {
            ParameterVector next = model.copy();
            next.floats().addi(delta.floats()).addi(1);
            return new ServerOptimizer.Step(next, state);
        };
        SimulationBuilder run = run().serverOptimizer(restless)
                .server((server, parts) -> new SlicingServer(server, client -> Optional.of(first(SOME))));
        float[] next = afterOneRound(run, new ConcurrentHashMap<>());
        float[] before = start();
        for (int i = 0; i < before.length; i++) {
            if (has(i, SOME)) {
                assertThat(next[i]).isNotEqualTo(before[i]);
            } else {
                assertThat(next[i]).isEqualTo(before[i]);
            }
        }
    }

    @Test
    void slicesOfTheWholeModelChangeNoBit() {
        String expected = state(run().blockTraining(BlockTraining.NEVER));
        assertThat(state(sliced(UNITS).blockTraining(BlockTraining.NEVER))).isEqualTo(expected);
        assertThat(state(sliced(SOME))).isNotEqualTo(expected);
    }

    @Test
    void bitsDoNotDependOnWorkersNorOnBlocks() {
        String expected = state(sliced(SOME).workers(1));
        assertThat(state(sliced(SOME).workers(3))).isEqualTo(expected);
        String blocks = state(sliced(SOME).blockSize(4));
        assertThat(state(sliced(SOME).blockSize(4).workers(3))).isEqualTo(blocks);
    }

    /** A client's part trains as the small network does that it is. */
    @Test
    void aPartTrainsAsANetworkOfItsSize() {
        Map<Integer, Sent> parts = new ConcurrentHashMap<>();
        afterOneRound(sliced(SOME), parts);
        Map<Integer, Sent> small = new ConcurrentHashMap<>();
        float[] whole = start();
        float[] start = new float[784 * SOME + SOME + 10 * SOME + 10];
        int position = 0;
        for (int i = 0; i < whole.length; i++) {
            if (has(i, SOME)) {
                start[position++] = whole[i];
            }
        }
        double[] values = new double[start.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = start[i];
        }
        try (FederatedModel model = new FederatedModel(task(SOME))) {
            afterOneRound(
                    run().task(task(SOME))
                            .blockTraining(BlockTraining.NEVER)
                            .initialModel(vector(model.layout(), values)),
                    small);
        }
        for (int client = 0; client < Fixtures.CLIENTS; client += 2) {
            assertThat(parts.get(client).delta()).isEqualTo(small.get(client).delta());
        }
    }

    @Test
    void bytesAndTimeAreThoseOfTheParts() {
        long wholeBytes = 4 * (785 * UNITS + 10 * UNITS + 10);
        long partBytes = 4 * (785 * SOME + 10 * SOME + 10);
        try (RunResult result = sliced(SOME).build().run()) {
            assertThat(result.history().get(0).bytesUp()).isEqualTo(6 * wholeBytes + 6 * partBytes);
            assertThat(result.history().get(0).bytesDown()).isEqualTo(6 * wholeBytes + 6 * partBytes);
        }
        World world = new World(
                DeviceProfiles.same(new DeviceProfile(1e-9, 1000, 1000)).durations());
        try (RunResult result = sliced(SOME)
                .algorithm(new SynchronousTime(world, Double.POSITIVE_INFINITY))
                .build()
                .run()) {
            Map<Boolean, Double> seconds = result.history().get(0).clients().entrySet().stream()
                    .collect(Collectors.toMap(
                            entry -> entry.getKey().index() % 2 == 0,
                            entry -> entry.getValue().value("time/client seconds"),
                            Math::max));
            assertThat(seconds.get(true)).isCloseTo(2 * partBytes / 1000.0, within(1e-3));
            assertThat(seconds.get(false)).isCloseTo(2 * wholeBytes / 1000.0, within(1e-3));
        }
    }

    @Test
    void aPartMayBeEncodedAndEvaluated() {
        try (RunResult result = sliced(SOME)
                .codec(new HalfPrecision())
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                .build()
                .run()) {
            assertThat(result.history().get(0).rejected()).isEmpty();
            assertThat(result.history().get(0).evaluations()).hasSize(Fixtures.CLIENTS);
        }
    }

    @Test
    void convolutionsAndNormsAreSlicedToo() {
        LearningTask whole = LearningTask.classification(
                Network.of(
                        new Layer.Conv2d(6, 3, 2, 1, true),
                        new Layer.BatchNorm(),
                        new Layer.Relu(),
                        new Layer.Residual(List.of(new Layer.Conv2d(6, 3, 1, 1, false)), List.of()),
                        new Layer.GlobalAveragePool2d(),
                        new Layer.LayerNorm(),
                        new Layer.Dense(10)),
                new Shape(1, 28, 28));
        try (FederatedModel model = new FederatedModel(whole)) {
            Map<String, List<Slice.Axis>> axes = model.layout().parameters().stream()
                    .collect(Collectors.toMap(
                            ParameterLayout.Entry::name,
                            entry -> entry.shape().stream()
                                    .map(size -> size == 6 ? Slice.Axis.first(2) : Slice.Axis.whole())
                                    .toList()));
            Slice slice = new Slice(axes);
            FederatedModel part = model.of(slice);
            assertThat(part.layout()).isEqualTo(slice.of(model.layout()));
            assertThat(model.of(slice)).as("one model a layout").isSameAs(part);
            SimulationBuilder run = Fixtures.softmaxRun(digits)
                    .task(whole)
                    .aggregator(new FedAvg())
                    .server(SlicingServer.everyOther(slice));
            assertThat(state(run.workers(3))).isEqualTo(state(run.workers(1)));
        }
    }

    @Test
    void refusesWhatDoesNotGoWithSlices() {
        SimulationBuilder median = sliced(SOME)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()));
        assertThatThrownBy(() -> median.build().run())
                .hasStackTraceContaining(
                        "aggregator of a plan with slices of the model must be one that takes them, such"
                                + " as FedAvg, but was org.fl4j.core.ListAggregator");
        List<String> names = names(task(UNITS));
        Slice torn = new Slice(Map.of(names.get(0), List.of(Slice.Axis.first(SOME), Slice.Axis.whole())));
        SimulationBuilder broken = run().server(SlicingServer.everyOther(torn));
        assertThatThrownBy(() -> broken.build().run())
                .hasStackTraceContaining("slice must be a network of the same layers with fewer units, but: parameter "
                        + names.get(1) + " must be TRAINABLE [8] at offset ");
        SimulationBuilder block = run().task(LearningTask.classification(
                        () -> task(UNITS).architecture().get(), new Shape(1, 28, 28)))
                .server(SlicingServer.everyOther(first(SOME)));
        assertThatThrownBy(() -> block.build().run())
                .hasStackTraceContaining(
                        "architecture of slices must be a Network of layers, which can be made smaller");
    }

    /** A part of which nobody asked would be decided by who sends it. */
    @Test
    void deltasOfOtherPartsAreRejected() {
        SimulationBuilder claims = run().uploadTransform((update, task) ->
                task.client().equals(new ClientId(3))
                        ? update.with(update.payload()
                                .withDelta(first(SOME).cut(update.delta()))
                                .withSlice(Optional.of(first(SOME))))
                        : update);
        try (RunResult result = claims.rounds(1).build().run()) {
            assertThat(result.history().get(0).rejected()).singleElement().satisfies(rejection -> {
                assertThat(rejection.reason()).isEqualTo(RejectionReason.FALSE_CLAIM);
                assertThat(rejection.detail())
                        .startsWith("slice of the delta must be the one that the client was sent, none, but was {02L");
            });
        }
    }

    /** What is kept of one part would be taken for another. */
    @Test
    void clientsOfSlicesKeepNothing() {
        assertThatThrownBy(() -> sliced(SOME)
                        .codec(new ErrorFeedback(new HalfPrecision()))
                        .build()
                        .run())
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining(
                        "client of a slice must keep nothing from round to round, but keeps [codec-sender]");
    }

    /** A message without a delta is still of the client's part. */
    @Test
    void aPartMayTravelWithoutItsDelta() {
        List<Rejection> rejected;
        try (RunResult result = sliced(SOME)
                .uploadTransform((update, task) -> update.withoutDelta())
                .rounds(1)
                .build()
                .run()) {
            rejected = result.history().get(0).rejected();
        }
        assertThat(rejected)
                .hasSize(Fixtures.CLIENTS)
                .allSatisfy(rejection -> assertThat(rejection.detail())
                        .isEqualTo("delta must be there, but the update has none")); // says FedAvg, and not the run
    }

    @Test
    void slicesOfAnotherModelEndTheRun() {
        Slice unknown = new Slice(Map.of("weight", List.of()));
        assertThatThrownBy(() -> run().server(SlicingServer.everyOther(unknown))
                        .failurePolicy(FailurePolicy.SKIP_CLIENT)
                        .build()
                        .run())
                .hasMessageContaining("send parts of the task's model, but: parameter of a slice must be one of the"
                        + " model's, but was weight");
    }
}
