package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.fl4j.testing.PartitionerContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class PartitionersTest {
    private static int[] rowsOfTenClasses(int rows) {
        return IntStream.range(0, rows).map(i -> i % 10).toArray();
    }

    private static PartitionReport report(Partitioner partitioner, int clients) {
        int[] labels = rowsOfTenClasses(1000);
        return PartitionReport.of(partitioner.partition(labels, clients, new Seed(1)), labels);
    }

    private static long classesOf(PartitionReport.Line line) {
        return line.classCounts().stream().filter(count -> count > 0).count();
    }

    @Nested
    class Iid extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new IidPartitioner();
        }

        @Test
        void givesSizesThatDifferByOneAtMost() {
            assertThat(report(new IidPartitioner(), 7).clients())
                    .extracting(PartitionReport.Line::exampleCount)
                    .containsOnly(142, 143);
        }

        @Test
        void refusesMoreClientsThanRows() {
            assertThatThrownBy(() -> new IidPartitioner().partition(rowsOfTenClasses(5), 6, new Seed(1)))
                    .hasMessage("clients must be in [1, 5], but was 6");
        }
    }

    @Nested
    class Shards extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new ShardPartitioner(2);
        }

        @Test
        void givesTwoClassesAtMostToAClientOfTwoShards() {
            PartitionReport report = report(new ShardPartitioner(2), 50);
            assertThat(report.clients()).allSatisfy(line -> {
                assertThat(line.exampleCount()).isEqualTo(20);
                assertThat(classesOf(line)).isLessThanOrEqualTo(2);
            });
        }
    }

    @Nested
    class Dirichlet extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new DirichletPartitioner(.5);
        }

        @Test
        void isMoreSkewedForASmallerConcentration() {
            assertThat(meanEntropy(report(new DirichletPartitioner(.1), 10)))
                    .isLessThan(meanEntropy(report(new DirichletPartitioner(1), 10)) - .5);
            assertThat(meanEntropy(report(new DirichletPartitioner(1000), 10))).isGreaterThan(3.2);
        }

        private static double meanEntropy(PartitionReport report) {
            return report.clients().stream()
                    .mapToDouble(PartitionReport.Line::labelEntropy)
                    .average()
                    .orElseThrow();
        }

        @Test
        void givesEveryClientItsMinimum() {
            assertThat(report(new DirichletPartitioner(.3, 30), 10).clients())
                    .allSatisfy(line -> assertThat(line.exampleCount()).isGreaterThanOrEqualTo(30));
        }

        @Test
        void endsAndSaysSoWhenTheMinimumCannotBeMet() {
            assertThatThrownBy(
                            () -> new DirichletPartitioner(.5, 101).partition(rowsOfTenClasses(1000), 10, new Seed(1)))
                    .hasMessage("minimumExamples must be at most 100 for 1000 rows and 10 clients, but was 101");
            assertThatThrownBy(
                            () -> new DirichletPartitioner(.01, 142).partition(rowsOfTenClasses(1000), 7, new Seed(1)))
                    .hasMessageStartingWith("minimumExamples must be feasible: 200 draws with concentration 0.01 gave")
                    .hasMessageEndingWith("but it was 142. Maybe a larger concentration, or fewer clients.");
        }

        @Test
        void refusesAConcentrationThatIsNoNumber() {
            assertThatThrownBy(() -> new DirichletPartitioner(Double.NaN))
                    .hasMessage("concentration must be positive and finite, but was NaN");
        }
    }

    @Nested
    class LogNormal extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return QuantitySkewPartitioner.logNormal(1);
        }

        @Test
        void isEvenWithoutDeviation() {
            assertThat(report(QuantitySkewPartitioner.logNormal(0), 20).clients())
                    .extracting(PartitionReport.Line::exampleCount)
                    .containsOnly(50);
        }

        @Test
        void isUnevenWithDeviation() {
            int[] sizes = report(QuantitySkewPartitioner.logNormal(1), 20).clients().stream()
                    .mapToInt(PartitionReport.Line::exampleCount)
                    .toArray();
            assertThat(Arrays.stream(sizes).max().orElseThrow())
                    .isGreaterThan(3 * Arrays.stream(sizes).min().orElseThrow());
        }
    }

    @Nested
    class QuantityDirichlet extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return QuantitySkewPartitioner.dirichlet(.5);
        }
    }

    @Nested
    class ClassesPerClient extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new ClassesPerClientPartitioner(3);
        }

        @Test
        void givesExactlyThatManyClasses() {
            assertThat(report(new ClassesPerClientPartitioner(3), 20).clients())
                    .allSatisfy(line -> assertThat(classesOf(line)).isEqualTo(3));
        }

        @Test
        void leavesClassesThatNobodyOwnsUnused() {
            PartitionReport report = report(new ClassesPerClientPartitioner(1), 4);
            assertThat(report.clients())
                    .allSatisfy(line -> assertThat(line.exampleCount()).isEqualTo(100));
        }

        @Test
        void refusesMoreClassesThanThereAre() {
            assertThatThrownBy(() -> report(new ClassesPerClientPartitioner(11), 4))
                    .hasMessage("classesPerClient must be in [1, 10], but was 11");
        }
    }

    @Nested
    class ClassRatios extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return ratios(List.of(1.0, 2.0), .5);
        }

        @Override
        protected int[] labels() {
            return IntStream.range(0, 1000).map(i -> i % 2).toArray(); // so that no slice of 50 lacks one
        }

        @Override
        protected boolean isExactCover() {
            return false; // rows are drawn with replacement
        }

        private static Partitioner ratios(List<Double> ratios, double fraction) {
            return new ClassRatioPartitioner(Collections.nCopies(20, ratios), Collections.nCopies(20, fraction));
        }

        @Test
        void drawsTheRatiosAskedFor() {
            List<Double> target = List.of(3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
            int[] labels = rowsOfTenClasses(20_000);
            Partition partition = ratios(target, .8).partition(labels, 20, new Seed(1));
            int[] counts = new int[10];
            for (PartitionReport.Line line :
                    PartitionReport.of(partition, labels).clients()) {
                assertThat(line.exampleCount()).isEqualTo(800);
                for (int label = 0; label < 10; label++) {
                    counts[label] += line.classCounts().get(label);
                }
            }
            // 16,000 draws with p = 3/4: standard deviation 55, six of them allowed
            assertThat(counts[0]).isCloseTo(12_000, within(330));
            assertThat(counts[0] + counts[1]).isEqualTo(16_000);
        }

        @Test
        void refusesARatioForAClassThatASliceLacks() {
            int[] labels = new int[100];
            labels[0] = 1;
            Partitioner partitioner =
                    new ClassRatioPartitioner(List.of(List.of(1.0, 1.0), List.of(1.0, 1.0)), List.of(1.0, 1.0));
            assertThatThrownBy(() -> partitioner.partition(labels, 2, new Seed(1)))
                    .hasMessageMatching("ratio of class 1 of client [01] must be 0,"
                            + " for its slice has no example of the class, but was 1.0");
        }

        @Test
        void refusesBadConfiguration() {
            assertThatThrownBy(() -> new ClassRatioPartitioner(List.of(List.of(1.0)), List.of()))
                    .hasMessage("subsetFractions must be as many as the 1 lists of ratios, but was 0");
            assertThatThrownBy(() -> new ClassRatioPartitioner(List.of(List.of(1.0)), List.of(1.5)))
                    .hasMessage("subsetFraction must be in (0, 1], but was 1.5");
        }
    }

    @Nested
    class NaturalIds extends PartitionerContract {
        @Override
        protected Partitioner partitioner() {
            return new NaturalIdPartitioner(
                    IntStream.range(0, 1000).mapToObj(i -> "writer " + i % 20).toList());
        }

        @Test
        void keepsNamesInTheOrderOfTheirFirstRow() {
            Partition partition =
                    new NaturalIdPartitioner(List.of("b", "a", "b")).partition(new int[] {0, 1, 0}, 2, new Seed(1));
            assertThat(partition.rows(new ClientId(0))).containsExactly(0, 2);
            assertThat(partition.clients().name(new ClientId(0))).isEqualTo("b");
            assertThat(partition.clients().name(new ClientId(1))).isEqualTo("a");
        }
    }

    /** Gini values from the class counts of two published clients of the fedland experiments. */
    @Test
    void measuresGini() {
        assertThat(PartitionReport.gini(new int[] {2495, 2516, 2460, 2463, 2582, 2512, 2482, 2464, 2496, 2530}))
                .isCloseTo(.007672, within(1e-6));
        assertThat(PartitionReport.gini(new int[] {5090, 1259, 305, 2422, 627, 87, 154, 34, 13, 9}))
                .isCloseTo(.70488, within(1e-5));
        assertThat(PartitionReport.gini(new int[] {1, 1, 1})).isZero();
        assertThat(PartitionReport.gini(new int[] {5, 0, 0})).isCloseTo(2 / 3.0, within(1e-12));
    }

    @Test
    void reportsSkewAsTableAndCsv() {
        int[] labels = {0, 0, 1, 1};
        PartitionReport report = PartitionReport.of(Partition.of(List.of(new int[] {0, 1}, new int[] {2, 3})), labels);
        assertThat(report.toCsv().lines())
                .containsExactly(
                        "client,name,examples,label_entropy_bits,gini,emd,class_0,class_1",
                        "0,client 0,2,0.0000,0.5000,1.0000,2,0",
                        "1,client 1,2,0.0000,0.5000,1.0000,0,2");
        assertThat(report.toTable()).contains("examples").contains("mean").contains("2 0");
    }

    @Test
    void refusesNoClientsAtAll() {
        assertThatThrownBy(() -> new IidPartitioner().partition(rowsOfTenClasses(1000), 0, new Seed(1)))
                .hasMessage("clients must be in [1, 1000], but was 0");
        assertThatThrownBy(() -> Partition.of(List.of(new int[] {0}, new int[0])))
                .hasMessage(
                        "client 1 must hold at least one row, but holds none; Partition.Allowance.EMPTY_CLIENTS allows"
                                + " that");
        assertThatThrownBy(() -> Partition.of(List.of(new int[] {0, 1}, new int[] {1})))
                .hasMessage(
                        "row 1 must be held once, but client 1 holds it again; Partition.Allowance.SHARED_ROWS allows"
                                + " that");
        assertThatThrownBy(() -> Partition.of(List.of(new int[] {0, 0})))
                .hasMessageStartingWith("row 0 must be held once, but client 0 holds it again");
        assertThatThrownBy(() -> Partition.of(List.of(new int[] {-1})))
                .hasMessage("row must be at least 0, but was -1");
        Partition both = Partition.of(
                List.of(new int[] {0, 0}, new int[0]),
                Partition.Allowance.SHARED_ROWS,
                Partition.Allowance.EMPTY_CLIENTS);
        assertThat(both.exampleCount(1)).isZero();
        assertThatThrownBy(() -> Partition.of(List.of())).hasMessage("client count must be at least 1, but was 0");
    }

    @Test
    void refusesAPartitionOfRowsThatAreNotThere() {
        try (Dataset digits = Digits.generate(10, 10, new Seed(1))) {
            assertThatThrownBy(() -> digits.federated(Partition.of(List.of(new int[] {10}))))
                    .hasMessage("largest row of the partition must be below the example count 10, but was 10");
        }
    }
}
