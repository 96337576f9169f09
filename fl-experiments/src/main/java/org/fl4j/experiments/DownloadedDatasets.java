package org.fl4j.experiments;

import ai.djl.Device;
import ai.djl.basicdataset.cv.classification.Cifar10;
import ai.djl.basicdataset.cv.classification.Mnist;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.Repository;
import ai.djl.training.dataset.Batch;
import ai.djl.training.dataset.Dataset.Usage;
import ai.djl.training.dataset.RandomAccessDataset;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import org.fl4j.data.CifarReader;
import org.fl4j.data.Dataset;
import org.fl4j.data.DatasetException;
import org.fl4j.data.Examples;
import org.fl4j.data.MnistReader;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.TensorEngine;

/**
 * MNIST and CIFAR-10 downloaded by DJL into its cache, for users with a network. The tensors are those that
 * {@link MnistReader} and {@link CifarReader} give.
 */
public final class DownloadedDatasets {
    private static final int CLASSES = 10;
    private static final int BATCH = 1000;

    private DownloadedDatasets() {}

    /**
     * Downloads MNIST from a DJL repository, unless it is in the cache.
     *
     * @param repository where to look; {@code ai.djl.basicdataset.BasicDatasets.REPOSITORY} is DJL's own
     * @throws DatasetException if the download fails
     */
    public static Dataset mnist(Repository repository) {
        return new Dataset(mnist(repository, Usage.TRAIN), mnist(repository, Usage.TEST), CLASSES);
    }

    private static Examples mnist(Repository repository, Usage usage) {
        return load(
                Mnist.builder()
                        .optUsage(usage)
                        .optRepository(repository)
                        .setSampling(BATCH, /* random= */ false)
                        .build(),
                "MNIST");
    }

    /**
     * Downloads CIFAR-10 from a DJL repository, unless it is in the cache.
     *
     * @param repository where to look
     * @throws DatasetException if the download fails
     */
    public static Dataset cifar10(Repository repository) {
        return new Dataset(cifar10(repository, Usage.TRAIN), cifar10(repository, Usage.TEST), CLASSES);
    }

    private static Examples cifar10(Repository repository, Usage usage) {
        return load(
                Cifar10.builder()
                        .optUsage(usage)
                        .optRepository(repository)
                        .setSampling(BATCH, /* random= */ false)
                        .build(),
                "CIFAR-10");
    }

    private static Examples load(RandomAccessDataset source, String name) {
        NDManager manager = TensorEngine.newManager(Device.cpu());
        try (NDManager scratch = manager.newSubManager()) {
            source.prepare();
            NDArray features = null;
            NDArray labels = null;
            long from = 0;
            for (Batch batch : source.getData(scratch)) {
                try (batch) {
                    NDArray images = batch.getData().singletonOrThrow();
                    long count = images.getShape().get(0);
                    if (features == null) {
                        Shape all = new Shape(source.size())
                                .addAll(images.getShape().slice(1));
                        features = manager.create(all, DataType.FLOAT32);
                        labels = manager.create(new Shape(source.size()), DataType.INT64);
                    }
                    Kernels.copy(images, Kernels.narrow(features, from, count));
                    Kernels.copy(batch.getLabels().singletonOrThrow().flatten(), Kernels.narrow(labels, from, count));
                    from += count;
                }
            }
            return new Examples(features, labels);
        } catch (IOException | TranslateException e) {
            manager.close();
            throw new DatasetException("cannot download " + name + ": " + e.getMessage(), e);
        }
    }
}
