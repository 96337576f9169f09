package org.fl4j.testing;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Codec;
import org.fl4j.core.StrategyState;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/** Sends two bytes a float, IEEE 754 binary16; numbers beyond its largest become that. Buffers are sent as they are. */
public record HalfPrecision() implements Codec {
    private static final float LARGEST = 65504;

    @Override
    public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
        Map<String, NDArray> arrays = new TreeMap<>();
        NDArray clamped = delta.trainable().duplicate();
        if (Kernels.isFinite(clamped)) {
            Kernels.clamp(clamped, LARGEST);
        }
        arrays.put("half", clamped.toType(DataType.FLOAT16, /* copy= */ true));
        delta.floatBuffers().ifPresent(buffers -> arrays.put("floats", buffers.duplicate()));
        delta.integers().ifPresent(integers -> arrays.put("integers", integers.duplicate()));
        return new Encoded(arrays, StrategyState.empty());
    }

    @Override
    public Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver) {
        NDArray half = required("half", DataType.FLOAT16, layout.trainableCount(), arrays);
        ParameterVector delta = ParameterVector.zeros(layout, half.getManager());
        Kernels.copy(half.toType(DataType.FLOAT32, /* copy= */ true), delta.trainable());
        Optional<NDArray> buffers = delta.floatBuffers();
        if (buffers.isPresent()) {
            Kernels.copy(
                    required("floats", DataType.FLOAT32, layout.floatCount() - layout.trainableCount(), arrays),
                    buffers.get());
        }
        if (layout.integerCount() > 0) {
            Kernels.copy(
                    required("integers", DataType.INT64, layout.integerCount(), arrays),
                    delta.integers().orElseThrow());
        }
        return new Decoded(delta, StrategyState.empty());
    }

    private static NDArray required(String name, DataType type, long size, Map<String, NDArray> arrays) {
        Check.oneOf("array of an encoded delta", arrays.keySet(), name);
        NDArray array = arrays.get(name);
        Check.that(
                array.getDataType() == type && array.getShape().equals(new Shape(size)),
                "array " + name,
                type + " of shape (" + size + ")",
                array.getDataType() + " of shape " + array.getShape());
        return array;
    }

    @Override
    public long plannedBytes(ParameterLayout layout) {
        return layout.byteCount() - 2 * layout.trainableCount();
    }
}
