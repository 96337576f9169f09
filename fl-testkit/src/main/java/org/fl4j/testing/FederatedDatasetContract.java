package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.junit.jupiter.api.Test;

/** What every {@link FederatedDataset} promises. */
public abstract class FederatedDatasetContract extends TensorTest {
    /** Returns the data set under test. */
    protected abstract FederatedDataset data();

    @Test
    void holdsAsManyExamplesOfEachClientAsItsDirectorySays() {
        FederatedDataset data = data();
        ClientDirectory clients = data.clients();
        for (int position = 0; position < clients.size(); position++) {
            ClientId client = clients.id(position);
            assertThat(data.examples(client, Device.cpu()).count()).isEqualTo(clients.exampleCount(client));
        }
    }

    @Test
    void namesRowsThatItsSourceHas() {
        FederatedDataset data = data();
        ClientExamples examples = data.examples(data.clients().id(0), Device.cpu());
        for (int i = 0; i < examples.count(); i++) {
            assertThat(examples.row(i)).isBetween(0, examples.source().count() - 1);
        }
    }

    @Test
    void givesTheSameExamplesInTheSameOrder() {
        FederatedDataset data = data();
        ClientId client = data.clients().id(data.clients().size() - 1);
        Examples first = data.examples(client, Device.cpu()).gather(manager);
        Examples again = data.examples(client, Device.cpu()).gather(manager);
        assertThat(again.features().toFloatArray())
                .containsExactly(first.features().toFloatArray());
        assertThat(again.classIndices()).containsExactly(first.classIndices());
    }
}
