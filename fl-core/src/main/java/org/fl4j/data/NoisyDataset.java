package org.fl4j.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/** A view of a data set in which each client's features have noise of its own, drawn anew, and alike, each time. */
record NoisyDataset(FederatedDataset clean, int clientCount, double deviation, Seed seed) implements FederatedDataset {
    @Override
    public ClientDirectory clients() {
        return clean.clients();
    }

    @Override
    public ClientExamples examples(ClientId client, Device device) {
        ClientExamples own = clean.examples(client, device);
        NDManager manager = TensorEngine.newManager(device);
        try {
            Examples noisy = own.gather(manager);
            Check.that(
                    noisy.features().getDataType() == DataType.FLOAT32,
                    "features",
                    "float32 where noise is added",
                    noisy.features().getDataType());
            addNoise(noisy.features(), client, manager);
            return new ClientExamples(
                    noisy.keep(manager), IntStream.range(0, own.count()).toArray());
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        } finally {
            clean.release(client, own.source());
        }
    }

    private void addNoise(NDArray features, ClientId client, NDManager manager) {
        double scale = deviation * (client.index() + 1) / clientCount;
        RandomGenerator random = seed.derive(client.index()).generator();
        float[] noise = new float[Math.toIntExact(features.size())];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (float) (scale * random.nextGaussian());
        }
        NDArray added = Tensors.create(manager, noise, features.getShape());
        features.addi(added);
        added.close();
    }

    @Override
    public void release(ClientId client, Examples source) {
        source.features().getManager().close();
    }

    @Override
    public String fingerprint() {
        return clean.fingerprint() + ", noise " + deviation + " of " + seed.value();
    }

    @Override
    public boolean sharesExamplesWith(FederatedDataset other) {
        return this == other
                || (other instanceof NoisyDataset that
                        ? clean.sharesExamplesWith(that.clean)
                        : clean.sharesExamplesWith(other));
    }
}
