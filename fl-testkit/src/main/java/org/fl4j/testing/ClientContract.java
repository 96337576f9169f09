package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every trainable {@link org.fl4j.core.Client} promises, on softmax regression over small digits. */
public abstract class ClientContract {
    private static final ClientId CLIENT = new ClientId(2);

    private NDManager manager;
    private Dataset digits;
    private FederatedModel model;
    private Worker worker;

    /** Returns the factory of the clients under test. */
    protected abstract ClientFactory factory();

    @BeforeEach
    void openWorker() {
        manager = TensorEngine.newManager(Device.cpu());
        digits = Digits.generate(100, 10, new Seed(3));
        FederatedDataset data =
                digits.federated(Partitioners.iid().partition(digits.train().classIndices(), 4, new Seed(3)));
        model = new FederatedModel(Models.softmaxRegression(new Shape(1, 28, 28), 10));
        worker = new Worker(model, data, data, new TestClientStates(), Device.cpu());
    }

    @AfterEach
    void closeWorker() {
        worker.close();
        model.close();
        digits.close();
        manager.close();
    }

    private TrainingTask task(int round) {
        ParameterVector received = model.initial(new Seed(9), manager);
        return new TrainingTask(
                new RoundContext(round, new Seed(4), /* clientCount= */ 10).ticket(CLIENT), round - 1, received);
    }

    @Test
    void answersForItselfAndForTheModelItWasSent() {
        ModelUpdate update = factory().create(CLIENT, worker).train(task(3));
        assertThat(update.client()).isEqualTo(CLIENT);
        assertThat(update.modelVersion()).isEqualTo(2);
        assertThat(update.exampleCount()).isEqualTo(25);
        assertThat(update.localSteps()).isPositive();
        assertThat(update.delta().layout()).isEqualTo(model.layout());
        assertThat(update.delta().isFinite()).isTrue();
        assertThat(update.delta().norm()).isPositive();
    }

    @Test
    void leavesTheModelItWasSentAsItWas() {
        TrainingTask task = task(1);
        String before = task.model().sha256();
        factory().create(CLIENT, worker).train(task);
        assertThat(task.model().sha256()).isEqualTo(before);
    }

    @Test
    void givesTheSameBitsForTheSameTaskWhateverTheWorkerDidBefore() {
        String first = factory().create(CLIENT, worker).train(task(1)).delta().sha256();
        factory().create(new ClientId(0), worker).train(task(5));
        String second = factory().create(CLIENT, worker).train(task(1)).delta().sha256();
        assertThat(second).isEqualTo(first);
    }

    @Test
    void learns() {
        TrainingTask task = task(1);
        double before = factory().create(CLIENT, worker).evaluate(task).value("client/train/loss");
        ParameterVector trained = task.model().copy();
        for (int round = 1; round <= 5; round++) {
            TrainingTask next = new TrainingTask(
                    new RoundContext(round, new Seed(4), /* clientCount= */ 10).ticket(CLIENT), round - 1, trained);
            trained.addScaledInPlace(
                    factory().create(CLIENT, worker).train(next).delta(), 1);
        }
        double after = factory()
                .create(CLIENT, worker)
                .evaluate(new TrainingTask(task.ticket(), 0, trained))
                .value("client/train/loss");
        assertThat(after).isLessThan(before);
    }
}
