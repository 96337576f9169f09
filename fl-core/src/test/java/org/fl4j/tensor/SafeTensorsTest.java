package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.fl4j.fixture.Mutations;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafeTensorsTest extends TensorTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("model.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("weight", Tensors.create(manager, new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3)));
        tensors.put("steps", Tensors.create(manager, new long[] {7}));
        SafeTensors.write(file, tensors, Map.of("round", "3", "text", "a \"quoted\" word"));
    }

    @Test
    void readsBackWhatItWrote() throws IOException {
        SafeTensors.Content content = SafeTensors.read(file, manager);
        assertThat(content.metadata()).isEqualTo(Map.of("round", "3", "text", "a \"quoted\" word"));
        assertThat(content.tensors()).containsOnlyKeys("weight", "steps");
        assertThat(content.tensors().get("weight").getShape()).isEqualTo(new Shape(2, 3));
        assertThat(content.tensors().get("weight").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(content.tensors().get("steps").toLongArray()).containsExactly(7);
    }

    @Test
    void mapsWhatItWroteAndLeavesTheFileAsItIs() throws IOException {
        byte[] before = Files.readAllBytes(file);
        SafeTensors.Content content = SafeTensors.map(file, manager);
        NDArray weight = content.tensors().get("weight");
        assertThat(content.metadata()).containsEntry("round", "3");
        assertThat(weight.toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(content.tensors().get("steps").toLongArray()).containsExactly(7);
        Kernels.addScaled(weight, weight, 1);
        assertThat(weight.toFloatArray()).containsExactly(2, 4, 6, 8, 10, 12);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        Files.write(file, Arrays.copyOf(before, before.length - 5));
        assertThatThrownBy(() -> SafeTensors.map(file, manager)).hasMessage(file + ": the end is missing, 5 bytes");
    }

    @Test
    void writesWhatDjlReads() throws IOException {
        NDList list = NDList.decode(manager, Files.readAllBytes(file));
        assertThat(list.get("weight").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void leavesNoTemporaryFile() throws IOException {
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void saysHowMuchOfATruncatedFileIsMissing() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ": the end is missing, 5 bytes");
        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> SafeTensors.read(file, manager)).hasMessage(file + ": the end is missing, 5 bytes");
    }

    @Test
    void refusesAHeaderThatIsNone() throws IOException {
        Files.writeString(file, "This is no safetensors file at all.");
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file + ": header length must be in [2, 27], but was ");
    }

    /** Writes a file of a header's text and some bytes. */
    private void write(String header, int... values) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        for (int value : values) {
            bytes.put((byte) value);
        }
        Files.write(file, bytes.array());
    }

    private static String tensor(String dtype, String shape, String offsets) {
        return "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}".formatted(dtype, shape, offsets);
    }

    /** Every rule of the format's reference reader, and what the file says when one is broken. */
    @ParameterizedTest
    @MethodSource("brokenHeaders")
    void refusesAHeaderThatBreaksARule(String header, String message) throws IOException {
        write(header, 1, 2, 3, 4, 5, 6, 7, 8);
        for (ThrowingCallable reading : List.<ThrowingCallable>of(
                () -> SafeTensors.read(file, manager),
                () -> SafeTensors.map(file, manager),
                () -> SafeTensors.metadata(file))) {
            assertThatThrownBy(reading).isInstanceOf(IOException.class).hasMessage(file + ": " + message);
        }
    }

    static Stream<Arguments> brokenHeaders() {
        String whole = tensor("I64", "[1]", "[0,8]");
        String most = Long.toString(Long.MAX_VALUE);
        return Stream.of(
                arguments(" {\"a\":" + whole + "}", "the header must start with {, but starts with byte 32"),
                arguments(
                        "{\"a\":" + whole + ",\"a\":" + whole + "}", "the header: name must be given once, but was a"),
                arguments("{\"a\":3}", "tensor \"a\" must be an object, but was NUMBER"),
                arguments(
                        "{\"a\":{\"dtype\":\"I64\"}}",
                        "tensor \"a\" must have dtype, shape and data_offsets, but has [dtype]"),
                arguments(
                        "{\"a\":" + tensor("F8_E4M3", "[8]", "[0,8]") + "}",
                        "tensor \"a\": dtype must be one of [BF16, BOOL, F16, F32, F64, I32, I64, I8, U8], but was"
                                + " F8_E4M3"),
                arguments(
                        "{\"a\":" + tensor("I64", "[-1]", "[0,8]") + "}",
                        "tensor \"a\": shape must be of whole numbers of at least 0, but was -1"),
                arguments(
                        "{\"a\":" + tensor("I64", "[1.5]", "[0,8]") + "}",
                        "tensor \"a\": shape must be of whole numbers of at least 0, but was 1.5"),
                arguments(
                        "{\"a\":" + tensor("I64", "[9999999999999999999]", "[0,8]") + "}",
                        "tensor \"a\": shape must be of numbers below 2^63, but has 9999999999999999999"),
                arguments(
                        "{\"a\":" + tensor("I64", "[4294967296, 4294967296]", "[0,8]") + "}",
                        "tensor \"a\": size of its shape must be below 2^63 bytes, but the shape is (4294967296,"
                                + " 4294967296)"),
                arguments(
                        "{\"a\":" + tensor("I64", "[1]", "[-8,0]") + "}",
                        "tensor \"a\": data_offsets must be of whole numbers of at least 0, but was -8"),
                arguments(
                        "{\"a\":" + tensor("I64", "[1]", "[8,0]") + "}",
                        "tensor \"a\": end must be at least its begin, 8, but was 0"),
                arguments(
                        "{\"a\":" + tensor("I64", "[1]", "[0]") + "}",
                        "tensor \"a\": data_offsets must be two numbers, but was 1"),
                arguments(
                        "{\"a\":" + tensor("I64", "[2]", "[0,8]") + "}", "tensor \"a\" must have 16 bytes, but has 8"),
                arguments(
                        "{\"a\":" + tensor("I64", "[" + most + "]", "[0," + most + "]") + "}",
                        "tensor \"a\": size of its shape must be below 2^63 bytes, but the shape is (" + most + ")"),
                arguments(
                        "{\"a\":" + tensor("U8", "[" + most + "]", "[0," + most + "]") + "}",
                        "the end is missing, " + (Long.MAX_VALUE - 8) + " bytes"),
                arguments(
                        "{\"a\":" + tensor("U8", "[4]", "[4,8]") + "}",
                        "tensor \"a\": begin must be where the tensor before it ends, 0, but was 4"),
                arguments(
                        "{\"a\":" + tensor("U8", "[5]", "[0,5]") + ",\"b\":" + tensor("U8", "[4]", "[4,8]") + "}",
                        "tensor \"b\": begin must be where the tensor before it ends, 5, but was 4"),
                arguments(
                        "{\"a\":" + tensor("U8", "[7]", "[0,7]") + "}",
                        "bytes after the last tensor must be 0, but was 1"),
                arguments(
                        "{\"__metadata__\":[],\"a\":" + whole + "}",
                        "__metadata__ must be an object of strings, but was BEGIN_ARRAY"),
                arguments(
                        "{\"__metadata__\":{\"k\":1},\"a\":" + whole + "}",
                        "__metadata__ \"k\" must be a string, but was NUMBER"));
    }

    /** A header that says 4 EiB must not cost memory; nor one that says 8 EiB of itself. */
    @Test
    void refusesAHeaderLengthThatTheFileCannotHave() throws IOException {
        Files.write(
                file,
                ByteBuffer.allocate(20)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(Long.MAX_VALUE)
                        .array());
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .hasMessage(file + ": header length must be in [2, 12], but was " + Long.MAX_VALUE);
        Files.write(
                file,
                ByteBuffer.allocate(20)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(-1)
                        .array());
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .hasMessage(file + ": header length must be in [2, 12], but was -1");
    }

    @Test
    void refusesAHeaderThatIsNotUtf8() throws IOException {
        write("{\"a\":" + tensor("U8", "[1]", "[0,1]") + "}", 1);
        byte[] bytes = Files.readAllBytes(file);
        bytes[10] = (byte) 0xE9;
        Files.write(file, bytes);
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .hasMessage(file + ": the header must be UTF-8, but is not");
    }

    /** 1, -2 and infinity in both half-precision formats, from the formats' definitions. */
    @Test
    void readsHalfPrecision() throws IOException {
        String header = "{\"h\":" + tensor("F16", "[3]", "[0,6]") + ",\"b\":" + tensor("BF16", "[3,1]", "[6,12]") + "}";
        write(header, 0x00, 0x3C, 0x00, 0xC0, 0x00, 0x7C, 0x80, 0x3F, 0x00, 0xC0, 0x80, 0x7F);
        for (SafeTensors.Content content : List.of(SafeTensors.read(file, manager), SafeTensors.map(file, manager))) {
            NDArray half = content.tensors().get("h");
            assertThat(half.getDataType()).isEqualTo(DataType.FLOAT16);
            assertThat(half.toType(DataType.FLOAT32, true).toFloatArray())
                    .containsExactly(1, -2, Float.POSITIVE_INFINITY);
            NDArray brain = content.tensors().get("b");
            assertThat(brain.getDataType()).isEqualTo(DataType.FLOAT32);
            assertThat(brain.getShape()).isEqualTo(new Shape(3, 1));
            assertThat(brain.toFloatArray()).containsExactly(1, -2, Float.POSITIVE_INFINITY);
        }
    }

    @Test
    void readsScalarsAndTensorsWithoutElements() throws IOException {
        write("{\"none\":" + tensor("F32", "[0,3]", "[0,0]") + ",\"one\":" + tensor("U8", "[]", "[0,1]") + "}", 7);
        for (SafeTensors.Content content : List.of(SafeTensors.read(file, manager), SafeTensors.map(file, manager))) {
            assertThat(content.tensors().get("none").getShape()).isEqualTo(new Shape(0, 3));
            assertThat(content.tensors().get("one").getShape()).isEqualTo(new Shape());
            assertThat(content.tensors().get("one").toType(DataType.INT32, true).toIntArray())
                    .containsExactly(7);
        }
    }

    @Test
    void damagedFilesGiveNothingButAnIoException() throws IOException {
        readDamaged(Mutations.FEW);
    }

    @Test
    @Tag("long")
    void manyDamagedFilesGiveNothingButAnIoException() throws IOException {
        readDamaged(Mutations.MANY);
    }

    private void readDamaged(int count) throws IOException {
        int refused = Mutations.refused(file, count, List.of(IOException.class), () -> {
            SafeTensors.metadata(file);
            try (NDManager own = TensorEngine.newManager(Device.cpu())) {
                SafeTensors.read(file, own);
                SafeTensors.map(file, own);
            }
        });
        assertThat(refused).isGreaterThan(count / 2);
    }
}
