package org.fl4j.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
        JsonObject header = new JsonObject();
        header.add("__metadata__", new Gson().toJsonTree(metadata));
        long offset = 0;
        for (Map.Entry<String, NDArray> tensor : tensors.entrySet()) {
            NDArray array = tensor.getValue();
            long end = offset + array.size() * array.getDataType().getNumOfBytes();
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
                    file + ": the header must take at most " + LARGEST_HEADER + " bytes, but takes " + json.length);
        }
        Path temporary = file.resolveSibling(file.getFileName() + ".partial");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                Durable.writeFully(channel, length.putLong(json.length).flip());
                Durable.writeFully(channel, ByteBuffer.wrap(json));
                for (NDArray array : tensors.values()) {
                    Durable.writeFully(channel, array.toByteBuffer());
                }
                channel.force(true);
            }
            Durable.replace(temporary, file);
        } finally {
            Files.deleteIfExists(temporary); // of a write that failed, such as on a full disk
        }
    }

    /** Adds blanks, as the format allows, so that values start at a multiple of 8. */
    private static String padded(JsonObject header) {
        String json = header.toString();
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        return json + " ".repeat(Math.floorMod(-length, Long.BYTES));
    }

    /**
     * Reads a file; its arrays are attached to the manager.
     *
     * @throws IOException if the file cannot be read or is not whole; the message names the file and the fault
     */
    public static Content read(Path file, NDManager manager) throws IOException {
        return open(file, READ, (channel, position, bytes, shape, type) -> {
            channel.position(position);
            ByteBuffer values = manager.allocateDirect((int) bytes);
            fill(channel, values, file);
            return Tensors.create(manager, values.flip(), shape, type);
        });
    }

    /**
     * Reads a file's metadata alone.
     *
     * @throws IOException as {@link #read}
     */
    public static Map<String, String> metadata(Path file) throws IOException {
        try (NDManager unused = TensorEngine.newManager(Device.cpu())) {
            return open(file, READ, (channel, position, bytes, shape, type) -> unused.create(new Shape(0)))
                    .metadata();
        }
    }

    /**
     * Maps a file into memory: its arrays, on the CPU, are the file's own pages, which the system reads when they are used and
     * drops when memory is short. To write to them does not change the file. A view is valid only while its array is.
     *
     * @throws IOException as {@link #read}
     */
    public static Content map(Path file, NDManager manager) throws IOException {
        return open(file, READ_AND_WRITE, (channel, position, bytes, shape, type) -> {
            if (position + bytes > channel.size()) {
                throw new IOException(file + ": the file is truncated, " + (position + bytes - channel.size())
                        + " bytes are missing");
            }
            ByteBuffer pages = channel.map(FileChannel.MapMode.PRIVATE, position, bytes);
            return manager.create(pages.order(ByteOrder.LITTLE_ENDIAN), shape, type);
        });
    }

    /** Makes an array of a tensor's place in a file. */
    @FunctionalInterface
    private interface Loader {
        NDArray load(FileChannel channel, long position, long bytes, Shape shape, DataType type) throws IOException;
    }

    private static Content open(Path file, Set<OpenOption> mode, Loader loader) throws IOException {
        try (FileChannel channel = FileChannel.open(file, mode)) {
            long headerLength = readFully(channel, Long.BYTES, file).getLong();
            if (headerLength < 2 || headerLength > Math.min(LARGEST_HEADER, channel.size())) {
                throw new IOException(file + ": header length must be in [2, "
                        + Math.min(LARGEST_HEADER, channel.size()) + "], but was " + headerLength);
            }
            byte[] json = readFully(channel, (int) headerLength, file).array();
            JsonObject header = parse(json, file);
            Map<String, String> metadata = new TreeMap<>();
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
                JsonObject value = entry.getValue().getAsJsonObject();
                if (entry.getKey().equals("__metadata__")) {
                    value.entrySet()
                            .forEach(e -> metadata.put(e.getKey(), e.getValue().getAsString()));
                } else {
                    long start = Long.BYTES + headerLength;
                    tensors.put(entry.getKey(), readTensor(channel, start, entry.getKey(), value, file, loader));
                }
            }
            return new Content(tensors, metadata);
        } catch (RuntimeException e) { // a damaged header can lead anywhere
            throw new IOException(file + ": the header is not a safetensors header", e);
        }
    }

    private static JsonObject parse(byte[] json, Path file) throws IOException {
        JsonElement header = JsonParser.parseString(new String(json, StandardCharsets.UTF_8));
        if (!header.isJsonObject()) {
            throw new IOException(file + ": the header is not a safetensors header");
        }
        return header.getAsJsonObject();
    }

    private static NDArray readTensor(
            FileChannel channel, long start, String name, JsonObject entry, Path file, Loader loader)
            throws IOException {
        Gson gson = new Gson();
        long[] dimensions = gson.fromJson(entry.get("shape"), long[].class);
        long[] offsets = gson.fromJson(entry.get("data_offsets"), long[].class);
        DataType type = DataType.fromSafetensors(entry.get("dtype").getAsString());
        Shape shape = new Shape(dimensions);
        long bytes = offsets[1] - offsets[0];
        if (bytes != shape.size() * type.getNumOfBytes() || bytes > Integer.MAX_VALUE) {
            throw new IOException(file + ": tensor " + name + " must have " + shape.size() * type.getNumOfBytes()
                    + " bytes, but has " + bytes);
        }
        return loader.load(channel, start + offsets[0], bytes, shape, type);
    }

    private static ByteBuffer readFully(FileChannel channel, int bytes, Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        fill(channel, buffer, file);
        return buffer.flip();
    }

    private static void fill(FileChannel channel, ByteBuffer buffer, Path file) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException(file + ": the file is truncated, " + buffer.remaining() + " bytes are missing");
            }
        }
    }
}
