package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.random.Seed;
import org.fl4j.tensor.internal.TorchScript;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class KernelsTest extends TensorTest {
    private NDArray array(float... values) {
        return Tensors.create(manager, values, new Shape(values.length));
    }

    @Test
    void addsAMultiple() {
        NDArray y = array(1, 2);
        Kernels.addScaled(y, array(10, -10), .5);
        assertThat(y.toFloatArray()).containsExactly(6, -3);
    }

    @Test
    void decaysAndAdds() {
        NDArray y = array(1, 2);
        Kernels.decayAndAdd(y, .5, array(3, 4), 2);
        assertThat(y.toFloatArray()).containsExactly(6.5f, 9);
        Kernels.decayAndAddSquare(y, 2, array(3, 4), 1);
        assertThat(y.toFloatArray()).containsExactly(22, 34);
    }

    @Test
    void stepsByRootMeanSquare() {
        NDArray y = array(1, 1);
        Kernels.addAdaptive(y, array(2, 3), array(4, 9), 10, 0);
        assertThat(y.toFloatArray()).containsExactly(11, 11);
    }

    @Test
    void gathersRowsInTheirOrderWithRepeats() {
        NDArray matrix = array(1, 2, 3, 4, 5, 6).reshape(3, 2);
        NDArray rows = Kernels.rows(manager, matrix, Tensors.indices(manager, new int[] {2, 0, 2}));
        assertThat(rows.getShape()).isEqualTo(new Shape(3, 2));
        assertThat(rows.toFloatArray()).containsExactly(5, 6, 1, 2, 5, 6);
    }

    @Test
    void narrowsToAView() {
        NDArray array = array(1, 2, 3, 4);
        Kernels.narrow(array, 1, 2).muli(10);
        assertThat(array.toFloatArray()).containsExactly(1, 20, 30, 4);
    }

    @Test
    void flattensArraysOneAfterAnother() {
        NDArray flat = Kernels.flatten(manager, new NDList(array(1, 2, 3, 4).reshape(2, 2), array(5)));
        assertThat(flat.toFloatArray()).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void measuresTheNorm() {
        assertThat(Kernels.norm(array(3, 4))).isCloseTo(5, within(1e-12));
        assertThat(Kernels.norm(array(1e30f, 1e30f))).isCloseTo(Math.sqrt(2) * 1e30f, within(1e24));
    }

    @Test
    void seesNotANumberAndInfinity() {
        assertThat(Kernels.isFinite(array(1, -2))).isTrue();
        assertThat(Kernels.isFinite(array(3e38f, 3e38f)))
                .as("finite values whose sum is not")
                .isTrue();
        assertThat(Kernels.isFinite(array(1, Float.NaN))).isFalse();
        assertThat(Kernels.isFinite(array(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)))
                .isFalse();
    }

    @Test
    void differentiatesOnSeveralThreadsAtOnce() throws InterruptedException {
        float[][] gradients = new float[4][];
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            int scale = t + 1;
            threads[t] = new Thread(() -> {
                for (int i = 0; i < 200; i++) {
                    NDArray leaf = array(1, 2, 3);
                    try (GradientScope scope = GradientScope.open()) {
                        leaf.setRequiresGradient(true);
                        scope.backward(leaf.square().mul(scale).sum());
                        gradients[scale - 1] = leaf.getGradient().toFloatArray();
                    }
                }
            });
            threads[t].start();
        }
        for (int t = 0; t < threads.length; t++) {
            threads[t].join();
            assertThat(gradients[t]).containsExactly(2f * (t + 1), 4f * (t + 1), 6f * (t + 1));
        }
    }

    @Test
    void saysWhatProgramLibtorchRejected() {
        assertThatThrownBy(() -> TorchScript.compile(manager, "  def broken(self: __torch__.Program) -> int:\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("libtorch rejected the program:");
    }

    /** Every count of rows up to twenty, and a hundred: all of the rows, the middle ones, and single ones. */
    @Test
    void sortedRowsAreThoseOfSortedColumns() {
        int columns = 50;
        RandomGenerator random = new Seed(5).generator();
        for (int count : IntStream.concat(IntStream.rangeClosed(1, 20), IntStream.of(100))
                .toArray()) {
            float[][] byColumn = new float[columns][count];
            float[] values = new float[count * columns];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextInt(count) - count / 2; // with equal ones
                byColumn[i % columns][i / columns] = values[i];
            }
            Stream.of(byColumn).forEach(Arrays::sort);
            for (int[] part : new int[][] {
                {0, count}, {(count - 1) / 2, count / 2 + 1}, {count / 4, count - count / 4}, {0, 1}, {count - 1, count}
            }) {
                NDArray sorted = Kernels.sortedRows(
                        Tensors.create(manager, values, new Shape(count, columns)), part[0], part[1]);
                assertThat(sorted.getShape()).isEqualTo(new Shape(part[1] - part[0], columns));
                float[] found = sorted.toFloatArray();
                for (int i = 0; i < found.length; i++) {
                    assertThat(found[i])
                            .as("%d rows, %d to %d", count, part[0], part[1])
                            .isEqualTo(byColumn[i % columns][part[0] + i / columns]);
                }
            }
        }
        NDArray three = manager.zeros(new Shape(3, 1));
        assertThatThrownBy(() -> Kernels.sortedRows(three, 2, 2)).hasMessage("rows must be in [0, 3), but was 2 to 1");
        assertThatThrownBy(() -> Kernels.sortedRows(three, 1, 4)).hasMessage("rows must be in [0, 3), but was 1 to 3");
    }

    /** Also of vectors that lie close together, far away from the first one. */
    @Test
    void squaredDistancesOfAllPairs() {
        RandomGenerator random = new Seed(2).generator();
        NDList vectors = new NDList();
        double[][] values = new double[5][3000];
        for (int v = 0; v < values.length; v++) {
            float[] drawn = new float[3000];
            for (int i = 0; i < drawn.length; i++) {
                drawn[i] = (float) ((v == 0 ? 1e20 : 1) * random.nextGaussian());
                values[v][i] = drawn[i];
            }
            vectors.add(v == 4 ? vectors.get(3).duplicate() : manager.create(drawn));
            values[v] = v == 4 ? values[3] : values[v];
        }
        double[][] distances = Kernels.squaredDistances(vectors);
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values.length; j++) {
                double expected = 0;
                for (int k = 0; k < 3000; k++) {
                    expected += Math.pow(values[i][k] - values[j][k], 2);
                }
                assertThat(distances[i][j]).isCloseTo(expected, within(1e-6 * expected));
            }
        }
    }

    private NDArray drawn(int size, long seed) {
        RandomGenerator random = new Seed(seed).generator();
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return manager.create(values);
    }

    /** Vectors of several parts, of which the last is not full. */
    @Test
    void bitsOfServerStepsAndDistancesDoNotDependOnThreads() {
        int size = 1_200_003;
        NDArray delta = drawn(size, 1);
        NDList now = new NDList(drawn(size, 2), drawn(size, 3), drawn(size, 4).abs());
        List<float[]> expected = stepped(1, delta, now);
        List<float[]> shared = stepped(3, delta, now);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(shared.get(i)).isEqualTo(expected.get(i));
        }
        NDList vectors = new NDList(delta, now.get(0), now.get(1));
        double[][] distances = Parallel.among(1, () -> Kernels.squaredDistances(vectors));
        assertThat(Parallel.among(3, () -> Kernels.squaredDistances(vectors))).isDeepEqualTo(distances);
        assertThat(Math.sqrt(distances[2][1])).isCloseTo(Kernels.distance(now.get(1), now.get(0)), within(1e-6 * size));
    }

    /** Returns what steps of all three rules write. */
    private List<float[]> stepped(int threads, NDArray delta, NDList now) {
        return Parallel.among(threads, () -> {
            List<float[]> written = new ArrayList<>();
            NDList next = new NDList();
            now.forEach(array -> next.add(array.zerosLike()));
            ServerSteps.adam(next, now, delta, .1, 1e-3, .9, .99);
            next.forEach(array -> written.add(array.toFloatArray()));
            ServerSteps.yogi(next, now, delta, .1, 1e-3, .9, .99);
            next.forEach(array -> written.add(array.toFloatArray()));
            ServerSteps.adagrad(next, now, delta, .1, 1e-3, .9);
            next.forEach(array -> written.add(array.toFloatArray()));
            return written;
        });
    }
}
