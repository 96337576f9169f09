package org.fl4j.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.fl4j.internal.Check;

/**
 * The parameters of a model, or a change of them, as one flat float32 tensor (and one int64 tensor where the model has
 * integer buffers). Parameters are views of it, so a step of local training, clipping, noise and aggregation are a few
 * operations on one vector.
 *
 * <p>A vector that travels in a message is not changed by its readers; methods whose name ends in {@code InPlace} are
 * for the accumulator or buffer that a class owns. Results are attached to the manager of this vector, and belong to
 * the {@link NDScope} that is open, until they are {@linkplain #keep kept}.
 */
public final class ParameterVector implements AutoCloseable {
    private final ParameterLayout layout;
    private final NDArray floats;
    private final Optional<NDArray> integers;

    /**
     * Makes a vector of ready tensors, which it then owns.
     *
     * @param layout where each parameter lies
     * @param floats float32, shape (layout.floatCount())
     * @param integers int64, shape (layout.integerCount()); absent where that is 0
     * @throws IllegalArgumentException if a type or shape does not match the layout
     */
    public ParameterVector(ParameterLayout layout, NDArray floats, Optional<NDArray> integers) {
        this.layout = layout;
        this.floats = matching("floats", floats, DataType.FLOAT32, layout.floatCount());
        Check.that(
                integers.isPresent() == layout.integerCount() > 0,
                "integers",
                "present exactly if the layout has integer buffers",
                integers);
        this.integers = integers.map(array -> matching("integers", array, DataType.INT64, layout.integerCount()));
    }

    private static NDArray matching(String name, NDArray array, DataType type, long size) {
        Check.that(
                array.getDataType() == type && array.getShape().equals(new Shape(size)),
                name,
                type + " of shape (" + size + ")",
                array.getDataType() + " of shape " + array.getShape());
        return array;
    }

    /** Returns zeros on the manager's device. */
    public static ParameterVector zeros(ParameterLayout layout, NDManager manager) {
        return new ParameterVector(
                layout,
                manager.zeros(new Shape(layout.floatCount()), DataType.FLOAT32),
                layout.integerCount() == 0
                        ? Optional.empty()
                        : Optional.of(manager.zeros(new Shape(layout.integerCount()), DataType.INT64)));
    }

    /** Returns where each parameter lies. */
    public ParameterLayout layout() {
        return layout;
    }

    /** Returns all float elements, trainable ones first: float32, shape (floatCount). */
    public NDArray floats() {
        return floats;
    }

    /** Returns the integer buffers: int64, shape (integerCount), where there are any. */
    public Optional<NDArray> integers() {
        return integers;
    }

    /** Returns the trainable elements: float32, shape (trainableCount), a view of {@link #floats()}. */
    public NDArray trainable() {
        return layout.trainableCount() == layout.floatCount()
                ? floats
                : Kernels.narrow(floats, 0, layout.trainableCount());
    }

    /** Returns the float buffers: float32, a view of {@link #floats()}, where there are any. */
    public Optional<NDArray> floatBuffers() {
        long buffers = layout.floatCount() - layout.trainableCount();
        return buffers == 0 ? Optional.empty() : Optional.of(Kernels.narrow(floats, layout.trainableCount(), buffers));
    }

    /** Returns one parameter in its shape, a view. */
    public NDArray parameter(ParameterLayout.Entry entry) {
        NDArray vector = entry.role() == ParameterRole.INTEGER_BUFFER ? integers.orElseThrow() : floats;
        return Kernels.narrow(vector, entry.offset(), entry.size()).reshape(entry.djlShape());
    }

    /** Returns a copy. */
    public ParameterVector copy() {
        return new ParameterVector(layout, floats.duplicate(), integers.map(NDArray::duplicate));
    }

    /** Returns a vector of the same layout and device with undefined values. */
    public ParameterVector like() {
        NDManager manager = floats.getManager();
        return new ParameterVector(
                layout,
                manager.create(floats.getShape(), DataType.FLOAT32),
                integers.map(array -> manager.create(array.getShape(), DataType.INT64)));
    }

    /** Returns this vector on the device: itself if it is there, otherwise a copy. */
    public ParameterVector on(Device device) {
        return floats.getDevice().equals(device)
                ? this
                : new ParameterVector(
                        layout, floats.toDevice(device, false), integers.map(array -> array.toDevice(device, false)));
    }

    /** Returns {@code this - base} of the floats, attached to the manager; integer buffers are copied from this. */
    public ParameterVector minus(ParameterVector base, NDManager manager) {
        return new ParameterVector(
                layout, Kernels.difference(manager, floats, base.floats), integers.map(NDArray::duplicate));
    }

    /** Adds {@code weight * other} to the floats of this vector; integer buffers stay. */
    public void addScaledInPlace(ParameterVector other, double weight) {
        Kernels.addScaled(floats, other.floats, weight);
    }

    /** Copies the values of another vector of the same layout, from any device, into this one. */
    public void setInPlace(ParameterVector other) {
        Kernels.copy(other.floats, floats);
        integers.ifPresent(array -> Kernels.copy(other.integers.orElseThrow(), array));
    }

    /** Returns the Euclidean norm of the trainable elements. */
    public double norm() {
        return Kernels.norm(trainable());
    }

    /** Returns whether no float is NaN or infinite. */
    public boolean isFinite() {
        return Kernels.isFinite(floats);
    }

    /** Returns the name of the first parameter with NaN or infinite values, if there is any. */
    public Optional<String> firstNotFinite() {
        return isFinite()
                ? Optional.empty()
                : layout.parameters().stream()
                        .filter(entry -> entry.role() != ParameterRole.INTEGER_BUFFER)
                        .filter(entry -> !Kernels.isFinite(Kernels.narrow(floats, entry.offset(), entry.size())))
                        .map(ParameterLayout.Entry::name)
                        .findFirst();
    }

    /** Takes this vector out of the open scope and hands it to a manager, which frees it when it is closed. */
    public ParameterVector keep(NDManager manager) {
        keep(floats, manager);
        integers.ifPresent(array -> keep(array, manager));
        return this;
    }

    /** Takes an array out of the open scope and hands it to a manager. */
    public static void keep(NDArray array, NDManager manager) {
        NDScope.unregister(array);
        array.attach(manager);
    }

    /** Returns the SHA-256 of all values (little-endian, floats before integers) in lower-case hexadecimal. */
    public String sha256() {
        return Tensors.sha256(arrays());
    }

    /** Returns the float array and, if there is one, the array of integers. */
    public List<NDArray> arrays() {
        return integers.isPresent() ? List.of(floats, integers.get()) : List.of(floats);
    }

    /** Frees the native memory now. */
    @Override
    public void close() {
        floats.close();
        integers.ifPresent(NDArray::close);
    }
}
