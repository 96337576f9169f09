package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.FederatedDatasetContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * Five clients: anna holds rows 0 to 29, ten of each of three classes; berta nine rows of class 0 and one of class 1;
 * carla none; dora one row; emma five rows of five classes.
 */
class LocalSplitTest extends FederatedDatasetContract {
    private static final int ROWS = 46;

    private FederatedDataset whole() {
        long[] labels = new long[ROWS];
        for (int row = 0; row < ROWS; row++) {
            labels[row] = row < 30 ? row % 3 : row < 40 ? row / 39 : row - 40;
        }
        return new PartitionedDataset(
                new Examples(features(), Tensors.create(manager, labels)),
                partition().named(List.of("anna", "berta", "carla", "dora", "emma")));
    }

    private NDArray features() {
        return Tensors.create(manager, new float[ROWS], new Shape(ROWS, 1));
    }

    private static Partition partition() {
        return Partition.of(
                List.of(
                        IntStream.range(0, 30).toArray(),
                        IntStream.range(30, 40).toArray(),
                        new int[0],
                        new int[] {45},
                        IntStream.range(40, 45).toArray()),
                Partition.Allowance.EMPTY_CLIENTS);
    }

    @Override
    protected FederatedDataset data() {
        return whole().split(.2, new Seed(1)).train();
    }

    @Nested
    class TestPart extends FederatedDatasetContract {
        @Override
        protected FederatedDataset data() {
            return whole().split(.2, new Seed(1)).test();
        }

        private FederatedDataset whole() {
            Examples examples = new Examples(
                    Tensors.create(manager, new float[ROWS], new Shape(ROWS, 1)),
                    Tensors.create(manager, new long[ROWS]));
            return new PartitionedDataset(examples, partition());
        }
    }

    @Nested
    class WithoutHeldOutClients extends FederatedDatasetContract {
        @Override
        protected FederatedDataset data() {
            Examples examples = new Examples(
                    Tensors.create(manager, new float[ROWS], new Shape(ROWS, 1)),
                    Tensors.create(manager, new long[ROWS]));
            return new PartitionedDataset(examples, partition()).holdOut(3);
        }
    }

    private static int[] rows(FederatedDataset data, int client) {
        ClientExamples examples = data.examples(new ClientId(client), Device.cpu());
        return IntStream.range(0, examples.count()).map(examples::row).toArray();
    }

    @Test
    void givesEachExampleToOnePart() {
        FederatedDataset whole = whole();
        LocalSplit split = whole.split(.2, new Seed(1));
        for (int client = 0; client < 5; client++) {
            int[] train = rows(split.train(), client);
            int[] test = rows(split.test(), client);
            assertThat(IntStream.concat(IntStream.of(train), IntStream.of(test)).sorted())
                    .containsExactly(IntStream.of(rows(whole, client)).boxed().toArray(Integer[]::new));
        }
    }

    @Test
    void keepsTheSharesOfClasses() {
        int[] test = rows(whole().split(.2, new Seed(1)).test(), 0);
        assertThat(IntStream.of(test).map(row -> row % 3).sorted()).containsExactly(0, 0, 1, 1, 2, 2);
    }

    @Test
    void leavesTheLastExampleOfAClassInTraining() {
        for (int seed = 0; seed < 20; seed++) {
            LocalSplit split = whole().split(.2, new Seed(seed));
            assertThat(rows(split.test(), 1)).hasSize(2).doesNotContain(39);
            assertThat(rows(split.train(), 1)).hasSize(8).contains(39);
        }
    }

    @Test
    void takesTheLastExampleOfAClassWhereThereIsNoOther() {
        assertThat(rows(whole().split(.4, new Seed(1)).test(), 4)).hasSize(2);
        assertThat(rows(whole().split(.99, new Seed(1)).train(), 4)).hasSize(1);
    }

    @Test
    void leavesASingleExampleInTraining() {
        LocalSplit split = whole().split(.9, new Seed(1));
        assertThat(rows(split.train(), 3)).containsExactly(45);
        assertThat(rows(split.test(), 3)).isEmpty();
        assertThat(rows(split.train(), 2)).isEmpty();
        assertThat(rows(split.test(), 2)).isEmpty();
    }

    @Test
    void followsTheSeed() {
        int[] once = rows(whole().split(.2, new Seed(1)).test(), 0);
        assertThat(rows(whole().split(.2, new Seed(1)).test(), 0)).containsExactly(once);
        assertThat(rows(whole().split(.2, new Seed(2)).test(), 0)).isNotEqualTo(once);
    }

    @Test
    void keepsNamesAndCountsEachPart() {
        LocalSplit split = whole().split(.2, new Seed(1));
        assertThat(split.train().clients().name(new ClientId(1))).isEqualTo("berta");
        assertThat(split.test().clients().name(new ClientId(4))).isEqualTo("emma");
        assertThat(IntStream.range(0, 5).map(split.train().clients()::examplesAt))
                .containsExactly(24, 8, 0, 1, 4);
        assertThat(IntStream.range(0, 5).map(split.test().clients()::examplesAt))
                .containsExactly(6, 2, 0, 0, 1);
    }

    @Test
    void splitsExamplesThatHaveNoClasses() {
        Examples targets = new Examples(features(), features());
        LocalSplit split = new PartitionedDataset(targets, partition()).split(.5, new Seed(1));
        assertThat(rows(split.test(), 0)).hasSize(15).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void leavesEverythingInTrainingForAShareOfZero() {
        LocalSplit split = whole().split(0, new Seed(1));
        assertThat(rows(split.train(), 0)).containsExactly(rows(whole(), 0));
        assertThat(rows(split.test(), 0)).isEmpty();
    }

    @Test
    void refusesSharesThatLeaveNothingToTrainOn() {
        assertThatThrownBy(() -> whole().split(1, new Seed(1))).hasMessage("testShare must be in [0, 1), but was 1.0");
        assertThatThrownBy(() -> whole().split(Double.NaN, new Seed(1)))
                .hasMessage("testShare must be in [0, 1), but was NaN");
    }

    @Test
    void holdsTheLastClientsOut() {
        FederatedDataset some = whole().holdOut(2);
        ClientDirectory clients = some.clients();
        assertThat(clients.size()).isEqualTo(3);
        assertThat(clients.name(clients.id(2))).isEqualTo("carla");
        assertThat(clients.position(new ClientId(2))).hasValue(2);
        assertThat(clients.position(new ClientId(3))).isEmpty();
        assertThat(rows(some, 3)).containsExactly(45); // for algorithms that tune before evaluation
        assertThatThrownBy(() -> whole().holdOut(5))
                .hasMessage("count of held-out clients must be in [0, 4], but was 5");
    }

    @Test
    void knowsWhichPartsShareExamples() {
        FederatedDataset whole = whole();
        LocalSplit split = whole.split(.2, new Seed(1));
        assertThat(split.train().sharesExamplesWith(whole)).isTrue();
        assertThat(split.train().holdOut(1).sharesExamplesWith(split.train())).isTrue();
        assertThat(split.train().sharesExamplesWith(split.test())).isFalse();
        assertThat(split.test().sharesExamplesWith(split.train().holdOut(1))).isFalse();
        Examples examples = new Examples(features(), features());
        PartitionedDataset evens = new PartitionedDataset(examples, Partition.of(List.of(new int[] {0, 2})));
        PartitionedDataset odds = new PartitionedDataset(examples, Partition.of(List.of(new int[] {1, 3})));
        PartitionedDataset both = new PartitionedDataset(examples, Partition.of(List.of(new int[] {3, 4})));
        assertThat(evens.sharesExamplesWith(odds)).isFalse();
        assertThat(odds.sharesExamplesWith(both)).isTrue();
        assertThat(evens.sharesExamplesWith(whole)).isFalse();
    }
}
