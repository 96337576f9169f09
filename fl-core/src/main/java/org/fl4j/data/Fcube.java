package org.fl4j.data;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/**
 * FCUBE, the synthetic data set of Li et al. 2022 (arXiv 2102.02079, section 4.2): points drawn evenly in the cube
 * [-1, 1]^3, with the label 0 where the first coordinate is positive and 1 elsewhere. Features are float32 of shape
 * (n, 3). Its partitioner gives each of four clients two octants that lie opposite each other: the labels of all
 * clients are balanced, and their features do not overlap.
 */
public final class Fcube {
    private static final int CLIENTS = 4;
    private static final int AXES = 3;

    private Fcube() {}

    /**
     * Draws a data set.
     *
     * @param trainCount how many training examples, at least 8
     * @param testCount how many test examples, at least 8, drawn from the same distribution
     * @param seed where the random choice comes from
     */
    public static Dataset generate(int trainCount, int testCount, Seed seed) {
        return new Dataset(
                draw(Check.atLeast("trainCount", 8, trainCount), seed.derive("fcube train")),
                draw(Check.atLeast("testCount", 8, testCount), seed.derive("fcube test")),
                /* classCount= */ 2);
    }

    private static Examples draw(int count, Seed seed) {
        RandomGenerator random = seed.generator();
        float[] points = new float[count * AXES];
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            int octant = i % 8; // the same number of points in each
            for (int axis = 0; axis < AXES; axis++) {
                float side = (octant >> axis & 1) == 0 ? 1 : -1;
                points[i * AXES + axis] = side * (1 - random.nextFloat()); // in (0, 1], so that no point is on a border
            }
            labels[i] = points[i * AXES] > 0 ? 0 : 1;
        }
        NDManager manager = TensorEngine.newManager(Device.cpu());
        return new Examples(Tensors.create(manager, points, new Shape(count, AXES)), Tensors.create(manager, labels));
    }

    /** Gives each of four clients the points of two opposite octants. */
    record OctantPartitioner() implements Partitioner {
        @Override
        public Partition partition(int[] labels, int clients, Seed seed) {
            throw new IllegalArgumentException(
                    "partitioner must be given a data set, for it goes by features, but was" + " given labels alone");
        }

        @Override
        public Partition partition(Dataset data, int clients, Seed seed) {
            Check.that(clients == CLIENTS, "clients", "4, a pair of octants for each", clients);
            Shape shape = data.train().features().getShape();
            Check.that(shape.dimension() == 2 && shape.get(1) == AXES, "features", "of shape (n, 3)", shape);
            float[] points = data.train().features().toFloatArray();
            List<List<Integer>> held = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                held.add(new ArrayList<>());
            }
            for (int row = 0; row * AXES < points.length; row++) {
                boolean first = points[row * AXES] > 0;
                int pair =
                        (points[row * AXES + 1] > 0 == first ? 0 : 1) + (points[row * AXES + 2] > 0 == first ? 0 : 2);
                held.get(pair).add(row);
            }
            return Partition.of(held.stream()
                    .map(rows -> rows.stream().mapToInt(Integer::intValue).toArray())
                    .toList());
        }
    }
}
