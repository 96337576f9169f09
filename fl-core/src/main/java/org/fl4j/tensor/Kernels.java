package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * Vector operations that DJL lacks or makes of several passes, each one native call and as few passes over memory as the
 * mathematics needs. Arguments live on one device; in-place operations change their first argument.
 */
public final class Kernels {
    private Kernels() {}

    /** {@code y += a * x} in one pass. */
    public static void addScaled(NDArray y, NDArray x, double a) {
        Program.SCRIPT.run("add_scaled", y, x, a);
    }

    /** {@code y = decay * y + a * x} in two passes. */
    public static void decayAndAdd(NDArray y, double decay, NDArray x, double a) {
        Program.SCRIPT.run("decay_and_add", y, decay, x, a);
    }

    /** {@code y = decay * y + a * x^2} in two passes. */
    public static void decayAndAddSquare(NDArray y, double decay, NDArray x, double a) {
        Program.SCRIPT.run("decay_and_add_square", y, decay, x, a);
    }

    /** {@code y -= a * x^2 * sign(y - x^2)}: moves y towards x squared by a bounded step. */
    public static void moveBySignedSquare(NDArray y, NDArray x, double a) {
        Program.SCRIPT.run("move_by_signed_square", y, x, a);
    }

    /** {@code y += a * m / (sqrt(v) + epsilon)}. */
    public static void addAdaptive(NDArray y, NDArray m, NDArray v, double a, double epsilon) {
        Program.SCRIPT.run("add_adaptive", y, m, v, a, epsilon);
    }

    /** Copies all of {@code source} over {@code target}, which has the same shape; converts type and device. */
    public static void copy(NDArray source, NDArray target) {
        Program.SCRIPT.run("copy", target, source);
    }

    /** Returns {@code a - b} attached to the manager. */
    public static NDArray difference(NDManager manager, NDArray a, NDArray b) {
        NDArray result = manager.create(a.getShape(), a.getDataType());
        Program.SCRIPT.run("difference", result, a, b);
        return result;
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

    /** Returns the Euclidean norm, summed in float64. */
    public static double norm(NDArray array) {
        return Program.SCRIPT.number("norm", array);
    }

    /** Returns whether no element is NaN or infinite. */
    public static boolean isFinite(NDArray array) {
        return Program.SCRIPT.number("finite", array) != 0;
    }

    private static final class Program {
        static final TorchScript SCRIPT = TorchScript.shared("""
                  def add_scaled(self: __torch__.Program, y: Tensor, x: Tensor, a: float) -> NoneType:
                    _0 = torch.add_(y, x, alpha=a)
                    return None
                  def decay_and_add(self: __torch__.Program, y: Tensor, decay: float, x: Tensor, a: float) -> NoneType:
                    _0 = torch.add_(torch.mul_(y, decay), x, alpha=a)
                    return None
                  def decay_and_add_square(self: __torch__.Program, y: Tensor, decay: float, x: Tensor, a: float) -> NoneType:
                    _0 = torch.addcmul_(torch.mul_(y, decay), x, x, value=a)
                    return None
                  def move_by_signed_square(self: __torch__.Program, y: Tensor, x: Tensor, a: float) -> NoneType:
                    square = torch.mul(x, x)
                    direction = torch.sign_(torch.sub(y, square))
                    _0 = torch.addcmul_(y, square, direction, value=torch.neg(a))
                    return None
                  def add_adaptive(self: __torch__.Program, y: Tensor, m: Tensor, v: Tensor, a: float, epsilon: float) -> NoneType:
                    root = torch.add_(torch.sqrt(v), epsilon)
                    _0 = torch.addcdiv_(y, m, root, value=a)
                    return None
                  def copy(self: __torch__.Program, y: Tensor, x: Tensor) -> NoneType:
                    _0 = torch.copy_(y, x)
                    return None
                  def difference(self: __torch__.Program, y: Tensor, a: Tensor, b: Tensor) -> NoneType:
                    _0 = torch.sub(a, b, out=y)
                    return None
                  def rows(self: __torch__.Program, y: Tensor, x: Tensor, indices: Tensor) -> NoneType:
                    _0 = torch.index_select(x, 0, indices, out=y)
                    return None
                  def flatten(self: __torch__.Program, y: Tensor, xs: List[Tensor]) -> NoneType:
                    parts = annotate(List[Tensor], [])
                    for i in range(torch.len(xs)):
                      _0 = torch.append(parts, torch.reshape(xs[i], [-1]))
                    _1 = torch.cat(parts, 0, out=y)
                    return None
                  def norm(self: __torch__.Program, x: Tensor) -> float:
                    return float(torch.linalg_vector_norm(x, 2, None, False, dtype=7))
                  def finite(self: __torch__.Program, x: Tensor) -> float:
                    s = float(torch.sum(x))
                    if torch.eq(torch.sub(s, s), 0.):
                      r = 1.
                    else:
                      r = float(torch.all(torch.isfinite(x)))
                    return r
                """);
    }
}
