package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.fl4j.internal.Durable;

/**
 * Reads and writes the safetensors format (8 bytes of header length, a JSON header, the values in little-endian order),
 * which Python tools open. DJL's own codec has no metadata and no check of what it reads, hence this one.
 */
public final class SafeTensors {
    private static final int LARGEST_HEADER = 100_000_000; // the limit of the format's reference implementation

    /**
     * What a file holds.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param tensors the arrays by name; the caller closes them or their manager
     * @param metadata free text by key
     */
    public record Content(Map<String, NDArray> tensors, Map<String, String> metadata) {}

    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ);
    private static final Set<OpenOption> READ_AND_WRITE =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE); // which a private mapping asks for

    private SafeTensors() {}

    /**
     * Writes a file at once: a temporary file beside it is forced to disk, then renamed, so that a reader finds the old
     * content or the new and nothing between. A write that fails leaves no temporary file.
     */
    public static void write(Path file, Map<String, NDArray> tensors, Map<String, String> metadata) throws IOException {
        byte[] json;
        try {
            json = header(tensors, metadata);
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
        Path temporary = file.resolveSibling(file.getFileName() + ".partial");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                writeAll(channel, json, tensors.values());
                channel.force(true);
            }
            Durable.replace(temporary, file);
        } finally {
            Files.deleteIfExists(temporary); // of a write that failed, such as on a full disk
        }
    }

    /**
     * Writes to a stream that may have more: 8 bytes of length in little-endian order, then so many bytes in the
     * format.
     */
    public static void write(WritableByteChannel channel, Map<String, NDArray> tensors, Map<String, String> metadata)
            throws IOException {
        byte[] json = header(tensors, metadata);
        long values =
                tensors.values().stream().mapToLong(SafeTensors::byteCount).sum();
        Durable.writeFully(channel, number(Long.BYTES + json.length + values));
        writeAll(channel, json, tensors.values());
    }

    private static void writeAll(WritableByteChannel channel, byte[] json, Collection<NDArray> arrays)
            throws IOException {
        Durable.writeFully(channel, number(json.length));
        Durable.writeFully(channel, ByteBuffer.wrap(json));
        for (NDArray array : arrays) {
            Durable.writeFully(channel, array.toByteBuffer());
        }
    }

    private static ByteBuffer number(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .flip();
    }

    private static long byteCount(NDArray array) {
        return array.size() * array.getDataType().getNumOfBytes();
    }

    private static byte[] header(Map<String, NDArray> tensors, Map<String, String> metadata) throws IOException {
        JsonObject header = new JsonObject();
        header.add("__metadata__", new Gson().toJsonTree(metadata));
        long offset = 0;
        for (Map.Entry<String, NDArray> tensor : tensors.entrySet()) {
            NDArray array = tensor.getValue();
            long end = offset + byteCount(array);
            JsonObject entry = new JsonObject();
            entry.addProperty("dtype", array.getDataType().asSafetensors());
            entry.add("shape", new Gson().toJsonTree(array.getShape().getShape()));
            entry.add("data_offsets", new Gson().toJsonTree(new long[] {offset, end}));
            header.add(tensor.getKey(), entry);
            offset = end;
        }
        byte[] json = padded(header).getBytes(StandardCharsets.UTF_8);
        if (json.length > LARGEST_HEADER) {
            throw new IOException(
                    "the header must take at most " + LARGEST_HEADER + " bytes, but takes " + json.length);
        }
        return json;
    }

    /** Adds blanks, as the format allows, so that values start at a multiple of 8. */
    private static String padded(JsonObject header) {
        String json = header.toString();
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        return json + " ".repeat(Math.floorMod(-length, Long.BYTES));
    }

    /**
     * Reads a file; its arrays are attached to the manager. Types are F64, F32, F16, I64, I32, I8, U8, BOOL, and BF16,
     * whose values become float32, because the engine's binding cannot hold them.
     *
     * <p>All that the format's reference reader checks is checked before memory is requested.
     *
     * @throws IOException if the file cannot be read, breaks a rule of the format, has a tensor of another type or one
     *     of 2 GiB or more; the message names the file, the tensor, the rule and the value
     */
    public static Content read(Path file, NDManager manager) throws IOException {
        return open(file, READ, (channel, position, entry) -> {
            ByteBuffer values = manager.allocateDirect((int) entry.bytes());
            fill(channel.position(position), values);
            return array(values.flip(), entry, manager);
        });
    }

    /**
     * Reads what {@link #write(WritableByteChannel, Map, Map)} wrote, and nothing behind it; the arrays are copies,
     * attached to the manager.
     *
     * @param most how many bytes the content may have
     * @throws EOFException if the stream has ended before the first byte
     * @throws IOException if the stream cannot be read or ends early, if the content has more bytes, or as {@link
     *     #read(Path, NDManager)}; the message names the tensor, the rule and the value
     */
    public static Content read(ReadableByteChannel channel, long most, NDManager manager) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (channel.read(length) < 0) {
            throw new EOFException("the stream has ended");
        }
        fill(channel, length);
        long size = length.flip().getLong();
        if (size < Long.BYTES || size > most) {
            throw new IOException("length must be in [" + Long.BYTES + ", " + most + "], but was " + size);
        }
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        try {
            SafeTensorsHeader.Parsed header = header(channel, size);
            header.entries().forEach(entry -> tensors.put(entry.name(), null)); // in the order of the header
            for (SafeTensorsHeader.Entry entry : header.inPlace()) {
                requireHeld(entry);
                ByteBuffer values = manager.allocateDirect((int) entry.bytes());
                fill(channel, values);
                tensors.put(entry.name(), array(values.flip(), entry, manager));
            }
            return new Content(tensors, header.metadata());
        } catch (IOException | RuntimeException e) { // also the engine's own refusal of an odd shape
            tensors.values().stream().filter(Objects::nonNull).forEach(NDArray::close);
            throw e instanceof IOException known ? known : new IOException(e.getMessage(), e);
        }
    }

    /**
     * Reads a file's metadata alone. The whole header is checked.
     *
     * @throws IOException as {@link #read}
     */
    public static Map<String, String> metadata(Path file) throws IOException {
        return open(file, READ, /* loader= */ null).metadata();
    }

    /**
     * Maps a file into memory: its arrays, on the CPU, are the file's own pages, which the system reads when they are
     * used and drops when memory is short. To write to them does not change the file. A view is valid only while its
     * array is. Values of type BF16 are converted, and so are copies.
     *
     * @throws IOException as {@link #read}
     */
    public static Content map(Path file, NDManager manager) throws IOException {
        return open(file, READ_AND_WRITE, (channel, position, entry) -> {
            ByteBuffer pages = channel.map(FileChannel.MapMode.PRIVATE, position, entry.bytes())
                    .order(ByteOrder.LITTLE_ENDIAN);
            return entry.type() == DataType.BFLOAT16 || entry.bytes() == 0
                    ? array(pages, entry, manager)
                    : manager.create(pages, entry.shape(), entry.type());
        });
    }

    /** Makes an array of a tensor's place in a file. */
    @FunctionalInterface
    private interface Loader {
        NDArray load(FileChannel channel, long position, SafeTensorsHeader.Entry entry) throws IOException;
    }

    /** Without a loader, only the metadata is kept. */
    private static Content open(Path file, Set<OpenOption> mode, Loader loader) throws IOException {
        try (FileChannel channel = FileChannel.open(file, mode)) {
            return content(channel, loader);
        } catch (FileSystemException e) { // names the file
            throw e;
        } catch (IOException | RuntimeException e) { // the engine's own refusal of an odd shape is a RuntimeException
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static Content content(FileChannel channel, Loader loader) throws IOException {
        SafeTensorsHeader.Parsed header = header(channel, channel.size());
        long start = channel.position();
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        if (loader != null) {
            for (SafeTensorsHeader.Entry entry : header.entries()) {
                requireHeld(entry);
                tensors.put(entry.name(), loader.load(channel, start + entry.begin(), entry));
            }
        }
        return new Content(tensors, header.metadata());
    }

    /** Reads the header of content of a size, and leaves the channel where the values begin. */
    private static SafeTensorsHeader.Parsed header(ReadableByteChannel channel, long size) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        fill(channel, length);
        long headerLength = length.flip().getLong();
        long longest = Math.min(LARGEST_HEADER, size - Long.BYTES);
        if (headerLength < 2 || headerLength > longest) {
            throw new IOException("header length must be in [2, " + longest + "], but was " + headerLength);
        }
        ByteBuffer json = ByteBuffer.allocate((int) headerLength);
        fill(channel, json);
        return SafeTensorsHeader.parse(json.array(), size - Long.BYTES - headerLength);
    }

    private static void requireHeld(SafeTensorsHeader.Entry entry) throws IOException {
        if (entry.bytes() > Integer.MAX_VALUE) {
            throw new IOException("tensor \"" + entry.name() + "\" must have at most " + Integer.MAX_VALUE
                    + " bytes, but has " + entry.bytes());
        }
    }

    private static NDArray array(ByteBuffer values, SafeTensorsHeader.Entry entry, NDManager manager) {
        if (entry.bytes() == 0) {
            return manager.zeros(entry.shape(), held(entry.type()));
        }
        return entry.type() == DataType.BFLOAT16
                ? Tensors.create(manager, widened(values), entry.shape())
                : Tensors.create(manager, values, entry.shape(), entry.type());
    }

    private static DataType held(DataType stored) {
        return stored == DataType.BFLOAT16 ? DataType.FLOAT32 : stored;
    }

    /** A bfloat16 is the upper half of a float32. */
    private static float[] widened(ByteBuffer values) {
        ShortBuffer halves = values.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        float[] floats = new float[halves.remaining()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Float.intBitsToFloat(halves.get(i) << 16);
        }
        return floats;
    }

    private static void fill(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the end is missing, " + buffer.remaining() + " bytes");
            }
        }
    }
}
