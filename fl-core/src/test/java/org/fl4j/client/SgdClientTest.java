package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.ClientContract;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SgdClientTest extends TensorTest {
    private static final ClientId CLIENT = new ClientId(0);

    private FederatedModel model;
    private Worker worker;

    @Nested
    class Contract extends ClientContract {
        @Override
        protected ClientFactory factory() {
            return (id, worker) ->
                    new SgdClient(id, worker, LocalTraining.sgd(.1).epochs(2));
        }
    }

    /** Least squares y = w x + b over the points (1, 2), (2, 3), (3, 5), (4, 8); client 1 holds nothing. */
    @BeforeEach
    void openWorker() {
        Examples points = new Examples(
                Tensors.create(manager, new float[] {1, 2, 3, 4}, new Shape(4, 1)),
                Tensors.create(manager, new float[] {2, 3, 5, 8}, new Shape(4, 1)));
        FederatedDataset data = new PartitionedDataset(
                points, Partition.of(List.of(new int[] {0, 1, 2, 3}, new int[0]), Partition.Allowance.EMPTY_CLIENTS));
        model = new FederatedModel(LearningTask.regression(Network.of(new Layer.Dense(1)), new Shape(1)));
        worker = new Worker(model, data, data, new TestClientStates(), Device.cpu());
    }

    @AfterEach
    void closeWorker() {
        worker.close();
        model.close();
    }

    private TrainingTask task() {
        ParameterVector start = ParameterVector.zeros(model.layout(), manager);
        Kernels.copy(Tensors.create(manager, new float[] {.5f, .25f}, new Shape(2)), start.floats());
        return new TrainingTask(round().ticket(CLIENT), 0, start);
    }

    private static double[] closedForm(int steps, double rate, double clip) {
        double[] x = {1, 2, 3, 4};
        double[] y = {2, 3, 5, 8};
        double w = .5;
        double b = .25;
        for (int step = 0; step < steps; step++) {
            double dw = 0;
            double db = 0;
            for (int i = 0; i < x.length; i++) {
                double error = w * x[i] + b - y[i];
                dw += 2 * error * x[i] / x.length;
                db += 2 * error / x.length;
            }
            double scale = Math.min(1, clip / Math.hypot(dw, db));
            w -= rate * scale * dw;
            b -= rate * scale * db;
        }
        return new double[] {w - .5, b - .25};
    }

    private void assertDelta(ModelUpdate update, double[] expected) {
        float[] delta = values(update.delta());
        assertThat(delta[0]).isCloseTo((float) expected[0], within(1e-5f));
        assertThat(delta[1]).isCloseTo((float) expected[1], within(1e-5f));
    }

    @Test
    void takesFullBatchStepsLikeTheClosedForm() {
        LocalTraining training = LocalTraining.sgd(.02).epochs(3).fullBatch();
        ModelUpdate update = new SgdClient(CLIENT, worker, training).train(task());
        assertDelta(update, closedForm(3, .02, Double.MAX_VALUE));
        assertThat(update.localSteps()).isEqualTo(3);
        assertThat(update.exampleCount()).isEqualTo(4);
    }

    @Test
    void clipsTheGradientOfEachStep() {
        LocalTraining training = LocalTraining.sgd(.02).epochs(3).fullBatch().gradientClip(.7);
        assertDelta(new SgdClient(CLIENT, worker, training).train(task()), closedForm(3, .02, .7));
    }

    @Test
    void reportsTheMeanLossOverAllExamplesSeen() {
        LocalTraining training = LocalTraining.sgd(1e-9).epochs(2).batchSize(3);
        ModelUpdate update = new SgdClient(CLIENT, worker, training).train(task());
        double expected = (1.25 * 1.25 + 1.75 * 1.75 + 3.25 * 3.25 + 5.75 * 5.75) / 4;
        assertThat(update.metrics().value("train/loss")).isCloseTo(expected, within(1e-4));
        assertThat(update.metrics().values().get("train/loss").weight()).isEqualTo(8);
        assertThat(update.localSteps()).isEqualTo(4);
    }

    @Test
    void takesExactlyTheStepsItIsToldTo() {
        LocalTraining training = LocalTraining.sgd(.001).batchSize(3).steps(5);
        assertThat(new SgdClient(CLIENT, worker, training).train(task()).localSteps())
                .isEqualTo(5);
    }

    @Test
    void sendsAnUpdateOfNoExamplesWhenItHoldsNone() {
        ModelUpdate update = new SgdClient(new ClientId(1), worker, LocalTraining.sgd(.1)).train(task());
        assertThat(update.exampleCount()).isZero();
        assertThat(update.localSteps()).isZero();
        assertThat(update.delta().norm()).isZero();
    }

    @Test
    void measuresNothingWhenItHoldsNothingToEvaluateOn() {
        SgdClient client = new SgdClient(new ClientId(1), worker, LocalTraining.sgd(.1));
        assertThat(client.evaluate(task()).values()).isEmpty();
    }

    @Test
    void callsEveryHookInOrder() {
        List<String> calls = new ArrayList<>();
        SgdClient client =
                new SgdClient(CLIENT, worker, LocalTraining.sgd(.01).fullBatch().epochs(2)) {
                    @Override
                    protected void beforeTraining(TrainingTask task, LocalModel local) {
                        calls.add("before");
                    }

                    @Override
                    protected NDArray losses(NDArray predictions, LocalBatch batch) {
                        calls.add("loss");
                        return predictions.flatten(); // the gradient of the mean output is (2.5, 1)
                    }

                    @Override
                    protected void afterBackward(LocalStep step) {
                        calls.add("backward " + step.number());
                        assertThat(step.gradient().toFloatArray()).containsExactly(2.5f, 1);
                        assertThat(step.received().toFloatArray()).containsExactly(.5f, .25f);
                        step.gradient().muli(2);
                    }

                    @Override
                    protected void afterTraining(TrainingTask task, LocalModel local) {
                        calls.add("after");
                    }
                };
        ModelUpdate update = client.train(task());
        assertThat(calls).containsExactly("before", "loss", "backward 0", "loss", "backward 1", "after");
        assertDelta(update, new double[] {-.01 * 2 * 2 * 2.5, -.01 * 2 * 2});
    }
}
