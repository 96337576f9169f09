package org.fl4j.tensor.internal;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipOutputStream;
import org.fl4j.internal.FlightEvents;

/**
 * A program in TorchScript's serialised form, written by FL4J and run by libtorch: many tensor operations in one native
 * call, and operations that DJL does not expose. A program has no state; any number of threads may run it.
 *
 * <p>Programs write into tensors they are given. Tensors that libtorch makes inside a program are "inference tensors",
 * which autograd refuses, so none leaves it.
 *
 * <p>Source text is a sequence of methods of a class {@code Program}, indented by two spaces, every operation a call of
 * {@code torch.name(...)}:
 *
 * <pre class="torchscript">{@code
 *   def add_scaled(self: __torch__.Program, y: Tensor, x: Tensor, a: float) -> NoneType:
 *     _0 = torch.add_(y, x, alpha=a)
 *     return None
 * }</pre>
 */
public final class TorchScript {
    private static final String HEAD = "class Program(Module):\n  __parameters__ = []\n  __buffers__ = []\n";
    private static final byte[] EMPTY_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

    private final PtSymbolBlock block;

    private TorchScript(PtSymbolBlock block) {
        this.block = block;
    }

    /**
     * Compiles a program; its native form lives as long as the manager.
     *
     * @throws IllegalArgumentException if libtorch does not accept the source
     */
    public static TorchScript compile(NDManager manager, String methods) {
        try {
            byte[] archive = archive(HEAD + methods);
            return new TorchScript(JniUtils.loadModule(
                    (PtNDManager) manager,
                    new ByteArrayInputStream(archive),
                    /* mapLocation= */ false,
                    /* hasSize= */ false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("libtorch rejected the program:\n" + methods, e);
        }
    }

    /** Runs a method that returns a float. */
    public double number(String method, Object... arguments) {
        try (IValue result = call(method, arguments)) {
            return result.toDouble();
        }
    }

    /** Runs a method that returns an int. */
    public long integer(String method, Object... arguments) {
        try (IValue result = call(method, arguments)) {
            return result.toLong();
        }
    }

    /** Runs a method that returns a list of floats. */
    public double[] numbers(String method, Object... arguments) {
        try (IValue result = call(method, arguments)) {
            return result.toDoubleArray();
        }
    }

    /** Runs a method for what it does to its arguments. */
    public void run(String method, Object... arguments) {
        call(method, arguments).close();
    }

    private IValue call(String method, Object... arguments) {
        IValue[] values = new IValue[arguments.length];
        try {
            for (int i = 0; i < values.length; i++) {
                values[i] = value(arguments[i]);
            }
            FlightEvents.Program event = new FlightEvents.Program(method);
            try {
                return IValueUtils.runMethod(block, method, values);
            } finally {
                event.commit();
            }
        } finally {
            for (IValue value : values) {
                if (value != null) {
                    value.close();
                }
            }
        }
    }

    private static IValue value(Object argument) {
        if (argument instanceof PtNDArray array) {
            return IValue.from(array);
        } else if (argument instanceof NDList list) {
            return IValue.listFrom(list.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
        } else if (argument instanceof Integer number) {
            return IValue.from(number.longValue());
        } else if (argument instanceof Long number) {
            return IValue.from(number);
        } else if (argument instanceof Double number) {
            return IValue.from(number);
        } else if (argument instanceof Boolean flag) {
            return IValue.from(flag);
        } else if (argument instanceof long[] numbers) {
            return IValue.listFrom(numbers);
        } else if (argument instanceof double[] numbers) {
            return IValue.listFrom(numbers);
        }
        throw new IllegalArgumentException(
                "argument must be a PyTorch array, a list of them, an int, a long, a double, a"
                        + " boolean or a long[], but was " + argument);
    }

    /** The archive that {@code torch.jit.load} reads: a zip of stored entries below one folder. */
    private static byte[] archive(String source) throws IOException {
        ByteArrayOutputStream object = new ByteArrayOutputStream(); // pickle of a stateless object
        object.writeBytes(new byte[] {(byte) 0x80, 2});
        object.writeBytes("c__torch__\nProgram\nq".getBytes(StandardCharsets.US_ASCII));
        object.writeBytes(new byte[] {0, ')', (byte) 0x81, '}', 'b', '.'});
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            ZipEntries.store(zip, "program/data.pkl", object.toByteArray());
            ZipEntries.store(zip, "program/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
            ZipEntries.store(zip, "program/constants.pkl", EMPTY_CONSTANTS);
            ZipEntries.store(zip, "program/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }
}
