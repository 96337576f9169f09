package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.UpdateStream;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.ForwardingServer;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several features keep something of one client, and none overwrites another's. */
class SlotsTest extends TensorTest {
    private static final Slot ROUNDS = Slot.ofClient("rounds");
    private static final Slot NORM = Slot.ofClient("norm");
    private static final Slot TRANSFORM = Slot.ofClient("transform");
    private static final Slot SEEN = Slot.ofServer("seen");

    @TempDir
    Path directory;

    private static double number(Optional<StrategyState> state) {
        return state.flatMap(kept -> kept.number("value")).orElse(0.0);
    }

    private static StrategyState number(double value) {
        return StrategyState.empty().with("value", value);
    }

    /**
     * Counts its rounds in one slot, before it trains, and keeps the norm of its last update in another, every other
     * round.
     */
    private static final class Remembering extends SgdClient {
        Remembering(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            keep(ROUNDS, number(number(kept(ROUNDS)) + 1));
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            if (task.round() % 2 == 1) {
                keep(NORM, number(update.delta().norm()));
            }
            return update;
        }
    }

    private SimulationBuilder run(Dataset digits, List<List<Double>> seen) {
        return Fixtures.softmaxRun(digits)
                .cohortSize(Fixtures.CLIENTS)
                .rounds(4)
                .sgdClients(Remembering::new)
                .server((composed, parts) -> new ForwardingServer(composed) {
                    @Override
                    public ServerUpdate update(
                            ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                        NDManager target = state.model().floats().getManager();
                        ClientId client = new ClientId(3);
                        seen.add(List.of(
                                number(parts.states().load(client, ROUNDS, target)),
                                number(parts.states().load(client, NORM, target)),
                                number(parts.states().load(client, SEEN, target))));
                        parts.states().stage(client, SEEN, number(round.number()));
                        return super.update(state, plan, updates, round);
                    }
                });
    }

    private static void requireAllKept(List<List<Double>> seen) {
        assertThat(seen).extracting(values -> values.get(0)).containsExactly(0.0, 1.0, 2.0, 3.0);
        assertThat(seen).extracting(values -> values.get(2)).containsExactly(0.0, 1.0, 2.0, 3.0);
        double first = seen.get(1).get(1);
        assertThat(first).isPositive();
        assertThat(seen.get(2).get(1))
                .as("of round 1, since round 2 kept nothing")
                .isEqualTo(first);
        assertThat(seen.get(3).get(1)).as("of round 3").isPositive().isNotEqualTo(first);
    }

    @Test
    void eachFeatureFindsWhatItKept() {
        try (Dataset digits = Fixtures.digits()) {
            List<List<Double>> inMemory = new ArrayList<>();
            run(digits, inMemory).build().run().close();
            requireAllKept(inMemory);
            List<List<Double>> onDisk = new ArrayList<>();
            run(digits, onDisk)
                    .clientStates(directory.resolve("states"))
                    .workers(3)
                    .build()
                    .run()
                    .close();
            assertThat(onDisk).isEqualTo(inMemory);
            assertThat(directory.resolve("states/3")).isDirectoryContaining("glob:**/{rounds,norm,seen}");
            List<List<Double>> resumed = new ArrayList<>();
            SimulationBuilder broken = run(digits, resumed).checkpoints(directory.resolve("checkpoints"), 1);
            broken.rounds(2).build().run().close();
            broken.rounds(4).resume(true).build().run().close();
            assertThat(resumed).isEqualTo(inMemory);
        }
    }

    @Test
    void namesOfSlotsAreNamesOfFolders() {
        assertThatThrownBy(() -> Slot.ofClient("../else"))
                .hasMessage("name of a slot must be lower-case letters, digits and hyphens, but was ../else");
    }

    /** What is kept is as it was when it was kept, though the client goes on with its array. */
    @Test
    void whatIsKeptIsACopy() {
        List<Float> found = Collections.synchronizedList(new ArrayList<>());
        try (Dataset digits = Fixtures.digits()) {
            Fixtures.softmaxRun(digits)
                    .cohortSize(Fixtures.CLIENTS)
                    .rounds(2)
                    .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                        @Override
                        protected void beforeTraining(TrainingTask task, LocalModel model) {
                            kept(NORM)
                                    .flatMap(state -> state.tensor("own"))
                                    .ifPresent(own -> found.add(own.getFloat()));
                            NDArray own = Tensors.create(model.manager(), new float[] {5}, new Shape(1));
                            keep(NORM, StrategyState.empty().with("own", own));
                            own.muli(2);
                        }
                    })
                    .build()
                    .run()
                    .close();
        }
        assertThat(found).hasSize(Fixtures.CLIENTS).containsOnly(5f);
    }

    private static final UpdateTransform KEEPING =
            (update, task) -> update.withKept(Map.of(TRANSFORM, number(task.round())));

    /** An upload transform may keep something of the client too, such as what an encoding lost. */
    @Test
    void transformsKeepStates() {
        try (Dataset digits = Fixtures.digits();
                NDManager target = NDManager.newBaseManager()) {
            List<Double> seen = new ArrayList<>();
            Fixtures.softmaxRun(digits)
                    .cohortSize(Fixtures.CLIENTS)
                    .rounds(2)
                    .sgdClients(Remembering::new)
                    .uploadTransform(
                            KEEPING.andThen((update, task) -> new ModelUpdate( // which says nothing of what is kept
                                    update.client(),
                                    update.modelVersion(),
                                    update.exampleCount(),
                                    update.localSteps(),
                                    update.delta(),
                                    update.metrics())))
                    .server((composed, parts) -> new ForwardingServer(composed) {
                        @Override
                        public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                            for (ClientId client : List.of(new ClientId(0), new ClientId(7))) {
                                seen.add(number(parts.states().load(client, TRANSFORM, target)));
                                seen.add(number(parts.states().load(client, ROUNDS, target)));
                            }
                            return super.plan(state, available, round);
                        }
                    })
                    .build()
                    .run()
                    .close();
            assertThat(seen).containsExactly(0., 0., 0., 0., 1., 1., 1., 1.);
        }
    }

    /** What a client keeps is part of its update, and an evaluation has none. */
    @Test
    void nothingIsKeptOutsideTraining() {
        try (Dataset digits = Fixtures.digits();
                RunResult result = Fixtures.softmaxRun(digits)
                        .rounds(1)
                        .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                            @Override
                            protected void beforeEvaluation(TrainingTask task, LocalModel model) {
                                keep(ROUNDS, number(1));
                            }
                        })
                        .clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                        .failurePolicy(FailurePolicy.SKIP_CLIENT)
                        .build()
                        .run()) {
            assertThat(result.history().get(0).failures())
                    .isNotEmpty()
                    .allSatisfy(failure -> assertThat(failure.error())
                            .contains("must be kept while the client trains, for what it keeps is part of its update"));
        }
    }
}
