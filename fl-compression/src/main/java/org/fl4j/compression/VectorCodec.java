package org.fl4j.compression;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Codec;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * Writes the trainable parameters of a delta with a {@link VectorCode}; buffers are sent as they are. A delta that is
 * not finite is not written: the server reads NaN, and rejects it as it would without a codec. Models have at most
 * 536,870,911 trainable parameters.
 *
 * @param code how a vector is written
 * @param scope what a vector is
 */
public record VectorCodec(VectorCode code, Scope scope) implements Codec {
    private static final long MOST_PARAMETERS = Integer.MAX_VALUE / Float.BYTES;
    private static final String CODE = "code";
    private static final String NOT_FINITE = "not-finite";
    private static final String FLOATS = "floats";
    private static final String INTEGERS = "integers";

    /** What is written as one vector, with norms and counts of its own. */
    public enum Scope {
        /** All trainable parameters together. */
        MODEL,
        /** Each parameter array by itself: a weight, a bias. */
        ARRAY
    }

    /** Checks for presence. */
    public VectorCodec {
        Check.present("code", code);
        Check.present("scope", scope);
    }

    /** Makes a codec that writes all trainable parameters as one vector. */
    public VectorCodec(VectorCode code) {
        this(code, Scope.MODEL);
    }

    @Override
    public Encoded encode(ParameterVector delta, StrategyState sender, Seed seed) {
        return new Encoded(arrays(delta, written(delta.trainable(), delta.layout(), seed)), StrategyState.empty());
    }

    /** Returns what is sent of a delta: its buffers, and the code of the others or that they are not finite. */
    Map<String, NDArray> arrays(ParameterVector delta, Optional<byte[]> code) {
        NDManager manager = delta.floats().getManager();
        Map<String, NDArray> arrays = new TreeMap<>();
        if (code.isPresent()) {
            arrays.put(CODE, bytes(manager, code.get()));
        } else {
            arrays.put(NOT_FINITE, bytes(manager, (byte) 1));
        }
        delta.floatBuffers().ifPresent(buffers -> arrays.put(FLOATS, buffers.duplicate()));
        delta.integers().ifPresent(integers -> arrays.put(INTEGERS, integers.duplicate()));
        return arrays;
    }

    private static NDArray bytes(NDManager manager, byte... bytes) {
        return Tensors.create(manager, ByteBuffer.wrap(bytes), new Shape(bytes.length), DataType.UINT8);
    }

    /** Writes the trainable values of a delta; nothing if some are not finite. */
    Optional<byte[]> written(NDArray trainable, ParameterLayout layout, Seed seed) {
        if (!Kernels.isFinite(trainable)) {
            return Optional.empty();
        }
        float[] values = trainable.toFloatArray();
        BitWriter out = new BitWriter();
        int from = 0;
        for (int size : sizes(layout)) {
            boolean isAll = size == values.length;
            float[] part = isAll ? values : Arrays.copyOfRange(values, from, from + size);
            code.write(part, seed.derive(from), out);
            from += size;
        }
        return Optional.of(out.toBytes());
    }

    /** Adds what was written, times a number, to values of so many parameters. */
    void add(NDArray trainable, double factor, ParameterLayout layout, byte... written) {
        BitReader in = new BitReader(written);
        int[] sizes = sizes(layout);
        if (sizes.length == 1 && code instanceof Sparse.Code sparse) {
            sparse.readSparse(sizes[0], in).addTo(trainable, factor);
        } else {
            float[] values = read(sizes, in);
            try (NDArray read = Tensors.create(trainable.getManager(), values, new Shape(values.length))) {
                Kernels.addScaled(trainable, read, factor);
            }
        }
        in.requireEnd();
    }

    private float[] read(int[] sizes, BitReader in) {
        if (sizes.length == 1) {
            return code.read(sizes[0], in);
        }
        float[] values = new float[Arrays.stream(sizes).sum()];
        int from = 0;
        for (int size : sizes) {
            System.arraycopy(code.read(size, in), 0, values, from, size);
            from += size;
        }
        return values;
    }

    private int[] sizes(ParameterLayout layout) {
        Check.that(
                layout.trainableCount() <= MOST_PARAMETERS,
                "trainable parameters of an encoded delta",
                "at most " + MOST_PARAMETERS + ", what a Java array holds",
                layout.trainableCount());
        if (scope == Scope.MODEL) {
            return new int[] {(int) layout.trainableCount()};
        }
        return layout.parameters().stream()
                .filter(entry -> entry.role() == ParameterRole.TRAINABLE && entry.size() > 0)
                .mapToInt(entry -> Math.toIntExact(entry.size()))
                .toArray();
    }

    @Override
    public Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver) {
        boolean isFinite = !arrays.containsKey(NOT_FINITE);
        NDArray code = isFinite ? required(CODE, DataType.UINT8, -1, arrays) : arrays.get(NOT_FINITE);
        ParameterVector delta = ParameterVector.zeros(layout, code.getManager());
        if (isFinite) {
            byte[] bytes = new byte[Math.toIntExact(code.size())];
            code.toByteBuffer().get(bytes);
            add(delta.trainable(), 1, layout, bytes);
        } else {
            delta.trainable().addi(Float.NaN);
        }
        delta.floatBuffers()
                .ifPresent(
                        buffers -> Kernels.copy(required(FLOATS, DataType.FLOAT32, buffers.size(), arrays), buffers));
        delta.integers()
                .ifPresent(integers ->
                        Kernels.copy(required(INTEGERS, DataType.INT64, integers.size(), arrays), integers));
        return new Decoded(delta, StrategyState.empty());
    }

    /** Returns an array of a length, or of any if that is -1. */
    private static NDArray required(String name, DataType type, long size, Map<String, NDArray> arrays) {
        Check.oneOf("array of an encoded delta", arrays.keySet(), name);
        NDArray array = arrays.get(name);
        Shape shape = array.getShape();
        Check.that(
                array.getDataType() == type && shape.dimension() == 1 && (size < 0 || shape.get(0) == size),
                "array " + name + " of an encoded delta",
                type + " of shape (" + (size < 0 ? "n" : size) + ")",
                array.getDataType() + " of shape " + shape);
        return array;
    }

    /** Returns the most that is sent: real sizes may be smaller, where a code depends on the values. */
    @Override
    public long plannedBytes(ParameterLayout layout) {
        long bits = 0;
        for (int size : sizes(layout)) {
            bits += code.mostBits(size);
        }
        long others = layout.byteCount() - Float.BYTES * layout.trainableCount();
        return others + (bits + Byte.SIZE - 1) / Byte.SIZE;
    }
}
