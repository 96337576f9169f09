package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;

/** Clients with hooks that train in a block against the same clients one by one. */
class HookedBlockTest extends BlockSetup {
    /** Has all hooks that a block calls, with vectors of its own. */
    private static final class Hooked extends SgdClient {
        private static final Slot SLOT = Slot.ofClient("own");
        private String seen = "";

        Hooked(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        private NDArray own(double scale) {
            NDArray parameters = worker().model().parameters().trainable();
            return parameters.mul(scale * (id().index() + 1));
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            model.parameters().floats().addi(.01 * id().index());
            seen = "trains on " + examples().count();
        }

        @Override
        protected NDArray anchor(ParameterVector received) {
            return own(.1);
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            return id().index() == 2 ? Optional.empty() : Optional.of(own(.3));
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            keep(SLOT, StrategyState.empty().with("trained", model.parameters().trainable()));
            model.parameters().floats().muli(2);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            assertThat(seen).isEqualTo("trains on " + update.exampleCount());
            return update.withAttachment("half", update.delta().trainable().mul(.5));
        }
    }

    @Test
    void clientsWithHooksTrainInBlocksToo() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        for (LocalTraining training : List.of(SGD, SGD.proximalTerm(.5).gradientClip(.8), LocalTraining.adam(.001))) {
            Data data = data(task, /* apart= */ false, /* broken= */ -1);
            Both both = both(task, training, data, sent -> sent, Hooked::new);
            for (int i = 0; i < COUNTS.length; i++) {
                ModelUpdate together = both.together().get(i);
                ModelUpdate alone = both.alone().get(i);
                assertSame(together.delta().floats(), alone.delta().floats());
                assertSame(together.attachment("half"), alone.attachment("half"));
                assertSame(trained(together), trained(alone));
                assertThat(together.localSteps()).isEqualTo(alone.localSteps());
            }
        }
    }

    private static NDArray trained(ModelUpdate update) {
        return update.kept().get(Hooked.SLOT).tensor("trained").orElseThrow();
    }

    private static void assertSame(NDArray found, NDArray expected) {
        assertThat(found.sub(expected).norm().getFloat())
                .isLessThanOrEqualTo(5e-5f * expected.norm().getFloat());
    }

    @Test
    void whatHooksBreakFailsTheirClientAlone() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        Data data = data(task, /* apart= */ false, /* broken= */ 5);
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            ParameterVector start = model.initial(new Seed(1), manager);
            TrainedBlock block =
                    TrainedBlock.train(worker, client -> new Failing(client, worker, SGD), start, tasks(start, t -> t));
            assertThat(block.members())
                    .extracting(member ->
                            member.failure().map(Throwable::getMessage).orElse("none"))
                    .containsExactly(
                            "before 0",
                            "what gradientCorrection returns must be float32 of shape (84) on cpu(),"
                                    + " but was float32 of shape (1) on cpu()",
                            "after 2",
                            "what gradientCorrection returns must be an open array, but was closed",
                            "error of 4",
                            "disk of client 5",
                            "none");
            assertThat(block.members())
                    .allMatch(member ->
                            member.failure().isPresent() || member.update().isPresent());
            worker.taskEnded();
            assertThatThrownBy(() -> TrainedBlock.train(
                            worker,
                            client -> new SgdClient(client, worker, LocalTraining.sgd(.1 + client.index())),
                            start,
                            tasks(start, t -> t)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("clients of a block must train with the same optimizer, learning rate,"
                            + " clipping and proximal term, but had ");
        }
    }

    private static final class Failing extends SgdClient {
        Failing(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (id().index() == 0) {
                throw new IllegalStateException("before 0");
            }
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            NDArray one = worker().model().manager().create(1f).reshape(1);
            if (id().index() == 3) {
                one.close();
            }
            return id().index() == 1 || id().index() == 3 ? Optional.of(one) : Optional.empty();
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            if (id().index() == 2) {
                throw new IllegalStateException("after 2");
            }
            if (id().index() == 4) {
                throw new AssertionError("error of 4");
            }
            return update;
        }
    }

    /** A class that computes losses, gradients or steps itself. */
    @Test
    void knowsWhichClassesABlockTakes() {
        assertThat(TrainedBlock.takes(SgdClient.class)).isTrue();
        assertThat(TrainedBlock.takes(Hooked.class)).isTrue();
        SgdClient ownLoss = new SgdClient(new ClientId(0), null, SGD) {
            @Override
            protected Optional<Expression> loss() {
                return Optional.empty();
            }
        };
        SgdClient ownSteps = new SgdClient(new ClientId(0), null, SGD) {
            @Override
            protected LocalResult optimize(TrainingTask task, LocalModel model, ParameterVector received) {
                return super.optimize(task, model, received);
            }
        };
        SgdClient ownGradients = new SgdClient(new ClientId(0), null, SGD) {
            @Override
            protected void afterBackward(LocalStep step) {}
        };
        for (SgdClient other : List.of(ownLoss, ownSteps, ownGradients)) {
            assertThat(TrainedBlock.takes(other.getClass())).isFalse();
        }
        SgdClientFactory none = SgdClientFactory.ofOneClass(Hooked.class, (id, worker, training) -> null);
        assertThatThrownBy(() -> none.create(new ClientId(0), null, SGD))
                .hasMessage("client of a factory must not be null");
        SgdClientFactory wrong = SgdClientFactory.ofOneClass(Hooked.class, SgdClient::new);
        assertThatThrownBy(() -> wrong.create(new ClientId(0), null, SGD))
                .hasMessage("class of clients must be " + Hooked.class.getName() + ", as their factory says, but was "
                        + SgdClient.class.getName());
    }
}
