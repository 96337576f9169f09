package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.fl4j.message.ClientId;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.FederatedDatasetContract;
import org.junit.jupiter.api.Test;

class PartitionedDatasetTest extends FederatedDatasetContract {
    @Override
    protected FederatedDataset data() {
        Examples examples = new Examples(
                Tensors.create(manager, new float[] {0, 1, 2, 3}, new Shape(4, 1)),
                Tensors.create(manager, new long[] {0, 1, 0, 1}));
        return new PartitionedDataset(examples, Partition.of(List.of(new int[] {2, 0}, new int[] {3})));
    }

    @Test
    void givesAClientItsRowsOfTheCommonData() {
        ClientExamples examples = data().examples(new ClientId(0), Device.cpu());
        assertThat(examples.gather(manager).features().toFloatArray()).containsExactly(2, 0);
        assertThat(examples.source().count()).isEqualTo(4);
    }
}
