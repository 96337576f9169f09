package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;

/** Seven clients with unequal data, who train in a block and one by one. */
abstract class BlockSetup extends TensorTest {
    static final Shape IMAGE = new Shape(1, 4, 5);
    static final int CLASSES = 4;
    static final int[] COUNTS = {17, 5, 20, 1, 12, 0, 20}; // unequal, so that batches are filled up
    static final LocalTraining SGD = LocalTraining.sgd(.05).batchSize(5).epochs(2);

    /** Each client has arrays of its own, or rows of common ones; the client of some index cannot be read. */
    record Data(Examples all, boolean apart, int broken, List<Integer> firsts) implements FederatedDataset {
        @Override
        public ClientDirectory clients() {
            return ClientDirectory.ofRange(COUNTS.length, client -> COUNTS[client]);
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            if (client.index() == broken) {
                throw new IllegalStateException("disk of " + client);
            }
            int[] rows = IntStream.range(0, COUNTS[client.index()])
                    .map(row -> firsts.get(client.index()) + row)
                    .toArray();
            if (!apart) {
                return new ClientExamples(all, rows);
            }
            Examples own = all.rows(rows, all.features().getManager());
            return new ClientExamples(own, IntStream.range(0, rows.length).toArray());
        }

        @Override
        public String fingerprint() {
            return "test";
        }
    }

    final Data data(LearningTask task, boolean apart, int broken) {
        List<Integer> firsts = new ArrayList<>(List.of(0));
        for (int count : COUNTS) {
            firsts.add(firsts.get(firsts.size() - 1) + count);
        }
        int count = IntStream.of(COUNTS).sum();
        RandomGenerator random = new Seed(3).generator();
        Shape shape = new Shape(count).addAll(IMAGE);
        Examples all = new Examples(
                Tensors.create(manager, gaussian(random, (int) shape.size()), shape),
                task.metrics().isEmpty()
                        ? Tensors.create(manager, gaussian(random, 2 * count), new Shape(count, 2))
                        : Tensors.create(
                                manager, random.longs(count, 0, CLASSES).toArray()));
        return new Data(all, apart, broken, firsts);
    }

    static float[] gaussian(RandomGenerator random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    static List<TrainingTask> tasks(ParameterVector model, UnaryOperator<TrainingTask> change) {
        return IntStream.range(0, COUNTS.length)
                .mapToObj(client -> change.apply(
                        new TrainingTask(new Ticket(new ClientId(client), 1, new Seed(7).derive(client)), 0, model)))
                .toList();
    }

    record Both(List<ModelUpdate> together, List<ModelUpdate> alone) {}

    final Both both(LearningTask task, LocalTraining training, Data data, UnaryOperator<TrainingTask> change) {
        return both(task, training, data, change, SgdClient::new);
    }

    final Both both(
            LearningTask task,
            LocalTraining training,
            Data data,
            UnaryOperator<TrainingTask> change,
            SgdClientFactory clients) {
        List<ModelUpdate> together = new ArrayList<>();
        List<ModelUpdate> alone = new ArrayList<>();
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            ParameterVector start = model.initial(new Seed(1), manager);
            List<TrainingTask> tasks = tasks(start, change);
            TrainedBlock block =
                    TrainedBlock.train(worker, client -> clients.create(client, worker, training), start, tasks);
            assertThat(block.members()).hasSize(COUNTS.length).allMatch(block::isFinite);
            block.members().forEach(member -> together.add(block.update(member, manager)));
            worker.taskEnded();
            for (TrainingTask sent : tasks) {
                alone.add(clients.create(sent.client(), worker, training)
                        .train(sent)
                        .keep(manager));
            }
            worker.taskEnded();
        }
        return new Both(together, alone);
    }
}
