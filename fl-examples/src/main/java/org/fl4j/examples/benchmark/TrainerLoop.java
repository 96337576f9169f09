package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.message.ClientId;
import org.fl4j.model.Layer;
import org.fl4j.model.Network;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;

/** FedAvg by hand over DJL's own Trainer, as its tutorials train: the baseline that shows what FL4J's engine adds. */
final class TrainerLoop {
    private final BenchmarkCase work;
    private final BenchmarkData dataset;
    private final Partition partition;

    TrainerLoop(BenchmarkCase work, BenchmarkData dataset, Partition partition) {
        this.work = work;
        this.dataset = dataset;
        this.partition = partition;
    }

    /** Returns the seconds of each round. */
    double[] run(int rounds) {
        double[] seconds = new double[rounds];
        try (Model model = Model.newInstance("baseline", Device.cpu(), Engine.getDefaultEngineName())) {
            Block block = block((Network) work.task.get().architecture());
            model.setBlock(block);
            DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                    .optInitializer(new XavierInitializer(), Parameter.Type.WEIGHT)
                    .optDevices(new Device[] {Device.cpu()})
                    .optOptimizer(Optimizer.sgd()
                            .setLearningRateTracker(Tracker.fixed((float) work.learningRate))
                            .build());
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(work.batch).addAll(work.task.get().inputShape()));
                List<NDArray> parameters = new ArrayList<>();
                block.getParameters()
                        .forEach(pair -> parameters.add(pair.getValue().getArray()));
                RandomGenerator random = new Seed(2).generator();
                for (int round = 0; round < rounds; round++) {
                    long start = System.nanoTime();
                    round(trainer, parameters, random);
                    seconds[round] = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        return seconds;
    }

    /** Builds the network with DJL's own dropout, since FL4J's draws its masks from a worker's seed. */
    private static Block block(Network network) {
        SequentialBlock block = new SequentialBlock();
        for (Layer layer : network.layers()) {
            block.add(
                    layer instanceof Layer.Dropout dropout
                            ? Dropout.builder().optRate((float) dropout.rate()).build()
                            : layer.toBlock());
        }
        return block;
    }

    private void round(Trainer trainer, List<NDArray> parameters, RandomGenerator random) {
        try (NDManager scratch = trainer.getManager().newSubManager()) {
            List<NDArray> start = new ArrayList<>();
            List<NDArray> total = new ArrayList<>();
            for (NDArray parameter : parameters) {
                NDArray copy = parameter.duplicate();
                copy.attach(scratch);
                start.add(copy);
                NDArray sum = parameter.zerosLike();
                sum.attach(scratch);
                total.add(sum);
            }
            for (int client : Sampling.withoutReplacement(work.clients, work.cohort, random)) {
                for (int i = 0; i < parameters.size(); i++) {
                    Kernels.copy(start.get(i), parameters.get(i));
                }
                train(trainer, client, random);
                for (int i = 0; i < parameters.size(); i++) {
                    Kernels.addScaled(total.get(i), parameters.get(i), 1.0 / work.cohort);
                }
            }
            for (int i = 0; i < parameters.size(); i++) {
                Kernels.copy(total.get(i), parameters.get(i));
            }
        }
    }

    private void train(Trainer trainer, int client, RandomGenerator random) {
        int[] rows = partition.rows(new ClientId(client));
        Sampling.shuffle(rows, random);
        try (NDManager scratch = trainer.getManager().newSubManager();
                Examples examples = dataset.train().rows(rows, scratch)) {
            for (int from = 0; from < rows.length; from += work.batch) {
                try (NDManager step = scratch.newSubManager();
                        GradientCollector collector = trainer.newGradientCollector()) {
                    Examples batch = examples.slice(from, Math.min(work.batch, rows.length - from));
                    batch.features().attach(step);
                    batch.labels().attach(step);
                    NDList predictions = trainer.forward(new NDList(batch.features()));
                    predictions.attach(step);
                    NDArray loss = trainer.getLoss().evaluate(new NDList(batch.labels()), predictions);
                    loss.attach(step);
                    collector.backward(loss);
                }
                trainer.step();
            }
        }
    }
}
