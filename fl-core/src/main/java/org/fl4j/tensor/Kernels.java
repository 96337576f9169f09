package org.fl4j.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.tensor.internal.KernelSource;
import org.fl4j.tensor.internal.SortingNetwork;
import org.fl4j.tensor.internal.TorchScript;

/**
 * Vector operations that DJL lacks or makes of several passes, each one native call and as few passes over memory as
 * the mathematics needs. Arguments live on one device; in-place operations change their first argument.
 */
public final class Kernels {
    /** Elements of a block: a few vectors of it fit into a core's cache. */
    static final long BLOCK = 131_072;

    /** Parts of a sum over many elements, fixed so that its rounding does not depend on the number of threads. */
    private static final int PARTS = 8;

    private static final double LEAST_SHARE = 1e-6; // of two squares, of which their difference is accurate enough

    private Kernels() {}

    /** {@code y += a * x} in one pass. */
    public static void addScaled(NDArray y, NDArray x, double a) {
        Program.SCRIPT.run("add_scaled", y, x, a);
    }

    /** {@code y += scales[i] * x[rows[i]]} for one row after another; {@code y} is set by the first if it is new. */
    public static void addRows(NDArray y, boolean isNew, NDArray x, int[] rows, double... scales) {
        Program.SCRIPT.run(
                "add_rows", y, isNew, x, IntStream.of(rows).asLongStream().toArray(), scales);
    }

    /**
     * Returns rows {@code from} to {@code to - 1} of what a matrix is once each of its columns is sorted. Compares
     * whole rows, so that a sort of many columns is a few hundred operations; no more of them than those rows need.
     *
     * @param matrix float32, shape (n, columns), without NaN; undefined afterwards
     * @return float32, shape (to - from, columns), attached to the matrix's manager
     */
    public static NDArray sortedRows(NDArray matrix, int from, int to) {
        Shape shape = matrix.getShape();
        int count = Math.toIntExact(shape.get(0));
        Check.that(from >= 0 && from < to && to <= count, "rows", "in [0, " + count + ")", from + " to " + (to - 1));
        SortingNetwork network = SortingNetwork.of(count, from, to);
        NDArray sorted = matrix.getManager().create(new Shape(to - (long) from, shape.get(1)), DataType.FLOAT32);
        try (NDArray spare = matrix.getManager().create(new Shape(shape.get(1)), DataType.FLOAT32)) {
            Program.SCRIPT.run(
                    "order_rows", sorted, matrix, spare, network.low(), network.high(), network.outputs(), from);
        }
        return sorted;
    }

    /** Returns whether no value of a row of a matrix is NaN or infinite. */
    public static boolean isRowFinite(NDArray matrix, long row) {
        return Program.SCRIPT.number("finite_row", matrix, row) == 1;
    }

    /** Copies a row of a matrix into a vector. */
    public static void copyRow(NDArray matrix, long row, NDArray y) {
        Program.SCRIPT.run("copy_row", y, matrix, row);
    }

    /** {@code y = z + row}, the row of a matrix. */
    public static void addRow(NDArray matrix, long row, NDArray z, NDArray y) {
        Program.SCRIPT.run("add_row", y, matrix, row, z);
    }

    /** Copies vectors into the rows of a matrix. */
    public static void stack(List<NDArray> vectors, NDArray matrix) {
        Program.SCRIPT.run("stack", matrix, new NDList(vectors));
    }

    /** {@code y[positions] += a * x}; positions are int64, each at most once. */
    public static void addAt(NDArray y, NDArray positions, NDArray x, double a) {
        Program.SCRIPT.run("add_at", y, positions, x, a);
    }

    /** {@code y = x + a * z} in one pass. */
    public static void sum(NDArray y, NDArray x, NDArray z, double a) {
        Program.SCRIPT.run("sum", y, x, z, a);
    }

    /** {@code y = decay * y + a * x} in two passes. */
    public static void decayAndAdd(NDArray y, double decay, NDArray x, double a) {
        Program.SCRIPT.run("decay_and_add", y, decay, x, a);
    }

    /** {@code y = decay * y + a * x^2} in two passes. */
    public static void decayAndAddSquare(NDArray y, double decay, NDArray x, double a) {
        Program.SCRIPT.run("decay_and_add_square", y, decay, x, a);
    }

    /** {@code y += a * m / (sqrt(v) + epsilon)}. */
    public static void addAdaptive(NDArray y, NDArray m, NDArray v, double a, double epsilon) {
        Program.SCRIPT.run("add_adaptive", y, m, v, a, epsilon);
    }

    /** Copies all of {@code source} over {@code target}, which has the same shape; converts type and device. */
    public static void copy(NDArray source, NDArray target) {
        Program.SCRIPT.run("copy", target, source);
    }

    /**
     * Returns how often the array's values were written in place, through any of its views: libtorch's version counter.
     * Writes through a Java buffer do not count.
     */
    public static long version(NDArray array) {
        return Program.SCRIPT.integer("version", array);
    }

    /** Returns how often the values of some arrays were written in place, all together; see {@link #version}. */
    public static long versions(Collection<NDArray> arrays) {
        return Program.SCRIPT.integer("versions", new NDList(arrays));
    }

    /** Makes {@code array} share the memory of a view of its shape, type and device. */
    static void alias(NDArray array, NDArray view) {
        Program.SCRIPT.run("alias", array, view);
    }

    /** Returns {@code a - b} attached to the manager. */
    public static NDArray difference(NDManager manager, NDArray a, NDArray b) {
        NDArray difference = a.sub(b); // one call of the engine costs less than a program
        difference.attach(manager);
        return difference;
    }

    /** Returns the view of elements {@code from} to {@code from + length - 1} of the first dimension. */
    public static NDArray narrow(NDArray array, long from, long length) {
        return JniUtils.slice((PtNDArray) array, 0, from, from + length, 1);
    }

    /** Returns a copy of the given rows (int64 indices of the first dimension), in their order. */
    public static NDArray rows(NDManager manager, NDArray array, NDArray indices) {
        Shape shape = new Shape(indices.size()).addAll(array.getShape().slice(1));
        NDArray result = manager.create(shape, array.getDataType(), array.getDevice());
        Program.SCRIPT.run("rows", result, array, indices);
        return result;
    }

    /** Returns the float32 arrays, flattened, one after another. */
    public static NDArray flatten(NDManager manager, NDList arrays) {
        long size = arrays.stream().mapToLong(NDArray::size).sum();
        NDArray result = manager.create(new Shape(size), DataType.FLOAT32);
        Program.SCRIPT.run("flatten", result, arrays);
        return result;
    }

    /** Returns the p-norm, summed in float64; p is at least 1, or infinite. */
    public static double norm(NDArray array, double p) {
        double largest = p <= 2 ? 1 : Program.SCRIPT.number("p_norm", array, Double.POSITIVE_INFINITY);
        if (p <= 2 || Double.isInfinite(p) || !(largest > 0) || Double.isInfinite(largest)) {
            return Program.SCRIPT.number(
                    "p_norm", array, p); // squares of float32 fit into float64, higher powers may not
        }
        try (NDArray wide = array.toType(DataType.FLOAT64, /* copy= */ false);
                NDArray scaled = wide.div(largest)) {
            return largest * Program.SCRIPT.number("p_norm", scaled, p);
        }
    }

    /** Returns the Euclidean norm, summed in float64. */
    public static double norm(NDArray array) {
        return Program.SCRIPT.number("norm", array);
    }

    /** Returns the Euclidean distance of two vectors, summed in float64. */
    public static double distance(NDArray a, NDArray b) {
        double distance = Program.SCRIPT.number("distance", a, b);
        return Double.isFinite(distance) ? distance : wide("distance", a, b);
    }

    /**
     * Returns the squared Euclidean distances of all pairs of vectors, in float64. They follow from one matrix of inner
     * products of the differences to the first vector; a pair whose distance is so small beside those differences that
     * rounding would show is measured by itself.
     *
     * @param vectors float32, of one length and device; at least one
     */
    public static double[][] squaredDistances(NDList vectors) {
        int count = vectors.size();
        double[][] distances = new double[count][count];
        double[] values = innerProducts(vectors);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < i; j++) {
                double squares = values[i * count + i] + values[j * count + j];
                double square = squares - 2 * values[i * count + j];
                if (!(square > LEAST_SHARE * squares)) {
                    square = Math.pow(distance(vectors.get(i), vectors.get(j)), 2);
                }
                distances[i][j] = square;
                distances[j][i] = square;
            }
        }
        return distances;
    }

    /** Returns the inner products of all pairs of differences to the first vector, summed in one order. */
    private static double[] innerProducts(NDList vectors) {
        int count = vectors.size();
        long length = vectors.get(0).size();
        long width = Math.min(Math.max(1, BLOCK / count), length);
        int parts = Math.toIntExact(Math.min(PARTS, (length + width - 1) / width));
        double[][] sums = new double[parts][];
        Parallel.forEach(parts, vectors.get(0).getDevice(), (part, thread) -> {
            NDManager manager = vectors.get(0).getManager();
            try (NDArray products = manager.zeros(new Shape(count, count), DataType.FLOAT64);
                    NDArray block = manager.create(new Shape(count, width), DataType.FLOAT64)) {
                Program.SCRIPT.run("inner_products", products, vectors, block, part, parts);
                sums[part] = products.toDoubleArray();
            }
        });
        double[] sum = sums[0];
        for (int part = 1; part < parts; part++) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += sums[part][i];
            }
        }
        return sum;
    }

    /** Returns the inner product of two vectors, summed in float64. */
    public static double dot(NDArray a, NDArray b) {
        double dot = Program.SCRIPT.number("dot", a, b);
        return Double.isFinite(dot) ? dot : wide("dot", a, b);
    }

    /** Differences and products of float32 values fit into float64, but not always into float32. */
    private static double wide(String method, NDArray a, NDArray b) {
        try (NDArray wideA = a.toType(DataType.FLOAT64, /* copy= */ false);
                NDArray wideB = b.toType(DataType.FLOAT64, /* copy= */ false)) {
            return Program.SCRIPT.number(method, wideA, wideB);
        }
    }

    /** Brings every element into [-bound, bound]; NaN stays. */
    public static void clamp(NDArray array, float bound) {
        Program.SCRIPT.run("clamp", array, (double) bound);
    }

    /** Returns whether no element is NaN or infinite. */
    public static boolean isFinite(NDArray array) {
        if (array.getDataType() == DataType.FLOAT32) {
            try (NDArray sum = array.sum()) { // two calls of the engine cost less than a program
                if (Float.isFinite(sum.getFloat())) {
                    return true;
                }
            }
        }
        return Program.SCRIPT.number("finite", array) != 0;
    }

    /** Loaded once a process, on first use. */
    static final class Program {
        static final TorchScript SCRIPT =
                TorchScript.compile(TensorEngine.newManager(Device.cpu()), KernelSource.METHODS);
    }
}
