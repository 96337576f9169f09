package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.PartitionerContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Partitioners that {@link Partitioners} makes and that have no class for users. */
class MorePartitionersTest {
    private static final int[] LABELS =
            IntStream.range(0, 1000).map(i -> i % 10).toArray();

    @TempDir
    Path directory;

    private static PartitionReport report(Partitioner partitioner, int clients, long seed) {
        return PartitionReport.of(partitioner.partition(LABELS, clients, new Seed(seed)), LABELS);
    }

    private static List<Integer> sizes(Partitioner partitioner, int clients) {
        return report(partitioner, clients, 1).clients().stream()
                .map(PartitionReport.Line::exampleCount)
                .toList();
    }

    private static double meanEntropy(Partitioner partitioner) {
        return IntStream.range(0, 20)
                .mapToObj(seed -> report(partitioner, 20, seed))
                .flatMap(report -> report.clients().stream())
                .mapToDouble(PartitionReport.Line::labelEntropy)
                .average()
                .orElseThrow();
    }

    @Nested
    class ClientDirichlet extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new ClientDirichletPartitioner(0.5);
        }

        @Test
        void givesEqualSizes() {
            assertThat(sizes(Partitioners.clientDirichlet(0.1), 30)).containsOnly(33, 34);
        }

        @Test
        void isMoreSkewedForASmallerConcentration() {
            assertThat(meanEntropy(Partitioners.clientDirichlet(0.1)))
                    .isLessThan(meanEntropy(Partitioners.clientDirichlet(1)) - 0.5);
            assertThat(meanEntropy(Partitioners.clientDirichlet(1000))).isGreaterThan(3.1);
        }

        /** A concentration so small that nearly all mixes are of one class, whose rows are soon taken. */
        @Test
        void endsWhereClassesRunOut() {
            assertThat(sizes(Partitioners.clientDirichlet(1e-6), 7)).containsOnly(142, 143);
        }
    }

    @Nested
    class ClassPools extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new ClassPoolsPartitioner(List.of(List.of(0, 1, 2, 3, 4), List.of(5, 6, 7, 8, 9)), 2);
        }

        @Test
        void keepsGroupsToTheirPools() {
            report(partitioner(), 20, 1).clients().forEach(line -> {
                List<Integer> other = line.client().index() % 2 == 0
                        ? line.classCounts().subList(5, 10)
                        : line.classCounts().subList(0, 5);
                assertThat(other).containsOnly(0);
                assertThat(line.classCounts().stream().filter(count -> count > 0))
                        .hasSize(2);
            });
        }

        @Test
        void refusesClassesThatAreNotThere() {
            assertThatThrownBy(() ->
                            Partitioners.classPools(List.of(List.of(0, 12)), 1).partition(LABELS, 20, new Seed(1)))
                    .hasMessage("class of a pool must be in [0, 9], but was 12");
            assertThatThrownBy(() -> Partitioners.classPools(List.of(List.of(0, 0)), 1))
                    .hasMessage("pool must be without repetition, but was [0, 0]");
            assertThatThrownBy(() -> Partitioners.classPools(List.of(List.of(0, 1)), 3))
                    .hasMessage("classesPerClient must be in [1, 2], but was 3");
        }
    }

    @Nested
    class Linear extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return Partitioners.linearSizes();
        }

        @Test
        void growsByTheSameStep() {
            assertThat(sizes(partitioner(), 4)).containsExactly(101, 200, 300, 399); // 1 each, and 996 by 1:2:3:4
        }
    }

    @Nested
    class Square extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return Partitioners.squareSizes();
        }

        @Test
        void growsWithTheSquare() {
            assertThat(sizes(partitioner(), 3)).containsExactly(72, 286, 642); // 1 each, and 997 by 1:4:9
        }
    }

    @Nested
    class Exponential extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return Partitioners.exponentialSizes(0.3);
        }

        @Test
        void growsByTheSameFactor() {
            List<Integer> sizes = sizes(Partitioners.exponentialSizes(Math.log(2)), 4);
            assertThat(sizes).containsExactly(67, 134, 267, 532); // 1 each, and 996 by 1:2:4:8
            assertThat(sizes(Partitioners.exponentialSizes(1), 500))
                    .hasSize(500)
                    .allMatch(size -> size >= 1);
        }
    }

    @Nested
    class Hierarchical extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new HierarchicalPartitioner(4, Partitioners.dirichlet(0.2, 10), Partitioners.iid());
        }

        @Test
        void makesClientsOfAGroupAlike() {
            List<PartitionReport.Line> clients = report(
                            Partitioners.hierarchical(5, Partitioners.classesPerClient(2), Partitioners.iid()), 20, 1)
                    .clients();
            for (int client = 0; client < 20; client++) {
                List<Integer> first = clients.get(client / 4 * 4).classCounts();
                List<Integer> own = clients.get(client).classCounts();
                assertThat(own.stream().filter(count -> count > 0).count()).isEqualTo(2);
                assertThat(IntStream.range(0, 10).filter(i -> own.get(i) > 0).toArray())
                        .containsExactly(IntStream.range(0, 10)
                                .filter(i -> first.get(i) > 0)
                                .toArray());
            }
        }

        @Test
        void refusesFewerClientsThanGroups() {
            assertThatThrownBy(() -> partitioner().partition(LABELS, 3, new Seed(1)))
                    .hasMessage("clients must be at least the number of groups, 4, but was 3");
        }
    }

    @Nested
    class FeatureNoise extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new FeatureNoisePartitioner(0.5);
        }
    }

    /** The noise of client i of 4 has the deviation 2 i / 4, is the same each time, and leaves the data as they are. */
    @Test
    void noiseGrowsFromClientToClient() {
        NDManager manager = TensorEngine.newManager(Device.cpu());
        Examples zeros = new Examples(manager.zeros(new Shape(4000, 3)), Tensors.create(manager, new long[4000]));
        try (Dataset data = new Dataset(zeros, zeros, 2)) {
            FederatedDataset noisy = Partitioners.featureNoise(2).federated(data, 4, new Seed(1));
            for (int client = 0; client < 4; client++) {
                ClientId id = new ClientId(client);
                ClientExamples examples = noisy.examples(id, Device.cpu());
                float[] once = examples.source().features().toFloatArray();
                double deviation = Math.sqrt(IntStream.range(0, once.length)
                        .mapToDouble(i -> once[i] * once[i])
                        .average()
                        .orElseThrow());
                assertThat(deviation).isCloseTo((client + 1) / 2.0, within(0.08 * (client + 1)));
                ClientExamples again = noisy.examples(id, Device.cpu());
                assertThat(again.source().features().toFloatArray()).containsExactly(once);
                noisy.release(id, examples.source());
                noisy.release(id, again.source());
                assertThat(again.source().features().isReleased()).isTrue();
            }
            assertThat(zeros.features().sum().getFloat()).isZero();
        }
    }

    @Test
    void octantsOfTheCubeLieOppositeEachOther() {
        try (Dataset cube = Fcube.generate(4000, 80, new Seed(3))) {
            Partition partition = Partitioners.octants().partition(cube, 4, new Seed(0));
            float[] points = cube.train().features().toFloatArray();
            int[] labels = cube.train().classIndices();
            for (int client = 0; client < 4; client++) {
                int[] rows = partition.rows(new ClientId(client));
                assertThat(rows).hasSize(1000);
                assertThat(Arrays.stream(rows).map(row -> labels[row]).sum()).isEqualTo(500);
                // in both octants of a pair, the products of two coordinates have the same signs
                assertThat(Arrays.stream(rows).mapToObj(row -> points[3 * row] * points[3 * row + 1] > 0))
                        .doesNotContain(client % 2 == 1);
                assertThat(Arrays.stream(rows).mapToObj(row -> points[3 * row] * points[3 * row + 2] > 0))
                        .doesNotContain(client / 2 == 1);
            }
            for (int row = 0; row < 4000; row++) {
                assertThat(labels[row]).isEqualTo(points[3 * row] > 0 ? 0 : 1);
            }
            assertThatThrownBy(() -> Partitioners.octants().partition(cube, 5, new Seed(0)))
                    .hasMessage("clients must be 4, a pair of octants for each, but was 5");
        }
    }

    /** The example of fedland: three clients with slices of 2,000 rows, of which they hold all, 80 % and 30 %. */
    @Test
    void classRatiosHoldFractionsOfEqualSlices() {
        int[] labels = IntStream.range(0, 6000).map(i -> i % 10).toArray();
        Partitioner fractions = StrategyRegistry.load().parse(Partitioner.class, "class-ratios");
        Partition partition = fractions.partition(labels, 3, new Seed(1));
        assertThat(IntStream.range(0, 3).map(partition::exampleCount)).containsExactly(2000, 1600, 600);
        Partitioner ratios = StrategyRegistry.load()
                .parse(
                        Partitioner.class,
                        "class-ratios:ratios=1 0 0 0 0 0 0 0 0 1 / 1 1 1 1 1 0 0 0 0 0,fractions=1 .5");
        List<PartitionReport.Line> clients = PartitionReport.of(ratios.partition(labels, 2, new Seed(1)), labels)
                .clients();
        assertThat(clients.get(0).classCounts().subList(1, 9)).containsOnly(0);
        assertThat(clients.get(0).exampleCount()).isEqualTo(3000);
        assertThat(clients.get(1).classCounts().subList(5, 10)).containsOnly(0);
        assertThat(clients.get(1).exampleCount()).isEqualTo(1500);
    }

    /** Noise belongs to no partition, so a part of another partitioner would lose it without a word. */
    @Test
    void aPartitionerThatChangesExamplesIsNoPartOfAnother() {
        assertThatThrownBy(() -> Partitioners.hierarchical(2, Partitioners.iid(), Partitioners.featureNoise(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("within must be a partitioner that leaves examples as they are, but was"
                        + " FeatureNoisePartitioner[deviation=1.0]");
        assertThatThrownBy(() -> Partitioners.hierarchical(2, Partitioners.featureNoise(1), Partitioners.iid()))
                .hasMessageStartingWith("between must be a partitioner that leaves examples as they are");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "class-pools:pools=0 1 / x | class-pools: pools must be whole numbers with spaces between them, and"
                        + " slashes between lists, but was 0 1 / x",
                "class-ratios:ratios=1 1f | class-ratios: ratios must be numbers with spaces between them, and slashes"
                        + " between lists, but was 1 1f",
                "class-ratios:fractions=1 all | class-ratios: fractions must be numbers with spaces between them, but"
                        + " was 1 all"
            })
    void listsThatCannotBeReadAreNamed(String line, String message) {
        assertThatThrownBy(() -> StrategyRegistry.load().parse(Partitioner.class, line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    /** What is shown as a default can be typed. */
    @Test
    void defaultsOfListsAreWrittenAsTheyAreTyped() {
        StrategyRegistry names = StrategyRegistry.load();
        names.defaults(Partitioner.class, "class-ratios")
                .forEach((name, value) -> assertThat(
                                names.parse(Partitioner.class, "class-ratios:" + name + "=" + value))
                        .isNotNull());
        assertThat(names.defaults(Partitioner.class, "class-ratios")).containsEntry("fractions", "1 0.8 0.3");
    }

    @Test
    void ownersGetTheirRows() {
        NDManager manager = TensorEngine.newManager(Device.cpu());
        Examples four = new Examples(manager.zeros(new Shape(4, 2)), Tensors.create(manager, new long[] {0, 1, 0, 1}));
        try (Dataset data = new Dataset(four, four, 2)) {
            Partitioner owners = StrategyRegistry.load().parse(Partitioner.class, "owners");
            Partition partition = owners.partition(data.ownedBy(List.of("b", "a", "b", "b")), 2, new Seed(1));
            assertThat(partition.rows(new ClientId(0))).containsExactly(0, 2, 3);
            assertThat(partition.clients().name(new ClientId(1))).isEqualTo("a");
            assertThatThrownBy(() -> owners.partition(data, 2, new Seed(1)))
                    .hasMessage("data must be a data set that names the owner of each row, but was one without owners");
            assertThatThrownBy(() -> data.ownedBy(List.of("a")))
                    .hasMessage("owners must be as many as the 4 training examples, or none, but was 1");
        }
    }

    @Test
    void aWrittenPartitionIsReadBack() throws IOException {
        Path file = directory.resolve("who holds what.csv");
        Partition written = Partitioners.dirichlet(0.5, 0)
                .partition(LABELS, 20, new Seed(4))
                .named(IntStream.range(0, 20).mapToObj(i -> "site, " + i).toList());
        written.write(file);
        Partitioner named = StrategyRegistry.load().create(Partitioner.class, "file", Map.of("file", file));
        Partition read = named.partition(LABELS, 20, new Seed(99));
        assertThat(read).isEqualTo(written);
        assertThat(read.clients().name(new ClientId(3))).isEqualTo("site, 3");
        assertThatThrownBy(() -> named.partition(LABELS, 10, new Seed(1)))
                .hasMessage("clients must be as many as " + file + " has, 20, but was 10");
        assertThatThrownBy(() -> named.partition(new int[10], 20, new Seed(1)))
                .hasMessageStartingWith(
                        "largest row of " + file + " must be below the number of rows, 10, but was 999");
        Files.writeString(file, "client,name,rows\n0,a,1 2\n1,b,3 x\n");
        assertThatThrownBy(() -> Partition.read(file))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + ", line 3: rows must be whole numbers with spaces between them");
        Files.writeString(file, "client,name,rows\n1,a,1 2\n");
        assertThatThrownBy(() -> Partition.read(file))
                .hasMessage(file + ", line 2: line must be of client 0, its name and its rows, but was 1,a,1 2");
        Files.writeString(file, "who,what\n");
        assertThatThrownBy(() -> Partition.read(file)).hasMessage(file + ", line 1: header must be client,name,rows");
        assertThatThrownBy(() -> Partition.read(directory.resolve("none")))
                .hasMessageStartingWith("partition must be a file that exists, but was ");
    }

    @Test
    void atLeastFifteenHaveNames() {
        assertThat(StrategyRegistry.load().names(Partitioner.class)).hasSizeGreaterThanOrEqualTo(15);
    }
}
