package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Noise of clients on their features. */
@Isolated("counts the native arrays of the whole process")
class NoisyDatasetTest {
    /** Noise on tokens is refused, and the copy that was made for it is freed. */
    @Test
    void noiseIsForNumbersAlone() {
        NDManager manager = TensorEngine.newManager(Device.cpu());
        NDManager root = manager.getParentManager();
        Examples tokens =
                new Examples(manager.zeros(new Shape(8, 3), DataType.INT64), Tensors.create(manager, new long[8]));
        try (Dataset data = new Dataset(tokens, tokens, 2)) {
            FederatedDataset noisy = Partitioners.featureNoise(2).federated(data, 4, new Seed(1));
            int before = root.getManagedArrays().size();
            assertThatThrownBy(() -> noisy.examples(new ClientId(0), Device.cpu()))
                    .hasMessage("features must be float32 where noise is added, but was int64");
            assertThat(root.getManagedArrays()).hasSize(before);
        }
    }
}
