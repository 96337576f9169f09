package org.fl4j.tensor;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads the header of a safetensors file and checks all that the format's reference reader checks, so that memory for
 * the values is requested only for a header that describes the file.
 */
final class SafeTensorsHeader {
    private static final String METADATA = "__metadata__";
    private static final int MOST_DIMENSIONS = 64; // of an array of the engine
    private static final int SHOWN = 100; // characters of a value in a message
    private static final Map<String, DataType> TYPES = Map.of(
            "F64", DataType.FLOAT64,
            "F32", DataType.FLOAT32,
            "F16", DataType.FLOAT16,
            "BF16", DataType.BFLOAT16,
            "I64", DataType.INT64,
            "I32", DataType.INT32,
            "I8", DataType.INT8,
            "U8", DataType.UINT8,
            "BOOL", DataType.BOOLEAN);
    private static final List<String> TYPE_NAMES =
            TYPES.keySet().stream().sorted().toList();

    /**
     * Where a tensor lies.
     *
     * @param type of the stored values
     * @param begin its first byte, counted from the end of the header
     * @param end the byte after its last
     */
    record Entry(String name, DataType type, Shape shape, long begin, long end) {
        long bytes() {
            return end - begin;
        }
    }

    /** The tensors in the order of the header, and the metadata. */
    record Parsed(List<Entry> entries, Map<String, String> metadata) {
        /** Returns the tensors in the order in which they lie. */
        List<Entry> inPlace() {
            return entries.stream().sorted(BY_PLACE).toList();
        }
    }

    private static final Comparator<Entry> BY_PLACE =
            Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end);

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, String> metadata = new TreeMap<>();

    private SafeTensorsHeader() {}

    /**
     * Reads a header.
     *
     * @param json its bytes
     * @param rest how many bytes of the file follow it
     * @throws IOException if a rule of the format is broken; the message has the tensor, the rule and the value
     */
    static Parsed parse(byte[] json, long rest) throws IOException {
        if (json[0] != '{') {
            throw new IOException("the header must start with {, but starts with byte " + (json[0] & 0xFF));
        }
        SafeTensorsHeader header = new SafeTensorsHeader();
        try (JsonReader reader = new JsonReader(new StringReader(text(json)))) {
            reader.setStrictness(Strictness.STRICT);
            header.readAll(reader);
        } catch (IllegalStateException | NumberFormatException e) { // of a reader that meets another kind of value
            throw new IOException("the header must be JSON of the safetensors format, but " + shown(e.getMessage()), e);
        }
        List<Entry> inOrder = List.copyOf(header.entries.values());
        requireWithoutGaps(inOrder, rest);
        return new Parsed(inOrder, header.metadata);
    }

    private static String text(byte[] json) throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException("the header must be UTF-8, but is not", e);
        }
    }

    private void readAll(JsonReader reader) throws IOException {
        Set<String> names = new HashSet<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            requireNew(names, name, "the header: name");
            if (name.equals(METADATA)) {
                readMetadata(reader);
            } else {
                entries.put(name, entry(reader, name));
            }
        }
        reader.endObject();
        require(reader.peek() == JsonToken.END_DOCUMENT, "the header: text", "one object", "two");
    }

    private void readMetadata(JsonReader reader) throws IOException {
        requireKind(reader, JsonToken.BEGIN_OBJECT, METADATA, "an object of strings");
        reader.beginObject();
        while (reader.hasNext()) {
            String key = reader.nextName();
            requireKind(reader, JsonToken.STRING, METADATA + " \"" + shown(key) + "\"", "a string");
            require(metadata.put(key, reader.nextString()) == null, METADATA + ": key", "given once", key);
        }
        reader.endObject();
    }

    private static Entry entry(JsonReader reader, String name) throws IOException {
        String tensor = "tensor \"" + shown(name) + "\"";
        String dtype = null;
        long[] shape = null;
        long[] offsets = null;
        Set<String> fields = new HashSet<>();
        requireKind(reader, JsonToken.BEGIN_OBJECT, tensor, "an object");
        reader.beginObject();
        while (reader.hasNext()) {
            String field = reader.nextName();
            requireNew(fields, field, tensor + ": field");
            switch (field) {
                case "dtype" -> {
                    requireKind(reader, JsonToken.STRING, tensor + ": dtype", "a string");
                    dtype = reader.nextString();
                }
                case "shape" -> shape = wholeNumbers(reader, tensor + ": shape", MOST_DIMENSIONS);
                case "data_offsets" -> offsets = wholeNumbers(reader, tensor + ": data_offsets", 2);
                default -> reader.skipValue(); // the reference reader ignores other fields
            }
        }
        reader.endObject();
        if (dtype == null || shape == null || offsets == null) {
            throw new IOException(tensor + " must have dtype, shape and data_offsets, but has " + shown(fields));
        }
        require(TYPES.containsKey(dtype), tensor + ": dtype", "one of " + TYPE_NAMES, dtype);
        require(offsets.length == 2, tensor + ": data_offsets", "two numbers", offsets.length);
        require(offsets[0] <= offsets[1], tensor + ": end", "at least its begin, " + offsets[0], offsets[1]);
        DataType type = TYPES.get(dtype);
        Entry entry = new Entry(name, type, new Shape(shape), offsets[0], offsets[1]);
        requireSize(tensor, entry);
        return entry;
    }

    private static void requireSize(String tensor, Entry entry) throws IOException {
        long bytes = entry.type().getNumOfBytes();
        try {
            for (long dimension : entry.shape().getShape()) {
                bytes = Math.multiplyExact(bytes, dimension);
            }
        } catch (ArithmeticException e) {
            throw new IOException(
                    tensor + ": size of its shape must be below 2^63 bytes, but the shape is " + entry.shape(), e);
        }
        if (bytes != entry.bytes()) {
            throw new IOException(tensor + " must have " + bytes + " bytes, but has " + entry.bytes());
        }
    }

    private static long[] wholeNumbers(JsonReader reader, String what, int most) throws IOException {
        requireKind(reader, JsonToken.BEGIN_ARRAY, what, "a list of whole numbers");
        List<Long> numbers = new ArrayList<>();
        reader.beginArray();
        while (reader.hasNext()) {
            requireKind(reader, JsonToken.NUMBER, what, "a list of whole numbers");
            String number = reader.nextString();
            try {
                require(number.matches("\\d{1,19}"), what, "of whole numbers of at least 0", number);
                numbers.add(Long.parseLong(number));
            } catch (NumberFormatException e) {
                throw new IOException(what + " must be of numbers below 2^63, but has " + number, e);
            }
            require(numbers.size() <= most, what, "at most " + most + " numbers", "more");
        }
        reader.endArray();
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    /**
     * The tensors, sorted by where they lie, must cover the rest of the file: each begins where the one before it ends.
     */
    private static void requireWithoutGaps(List<Entry> entries, long rest) throws IOException {
        long end = 0;
        for (Entry entry : entries.stream().sorted(BY_PLACE).toList()) {
            require(
                    entry.begin() == end,
                    "tensor \"" + shown(entry.name()) + "\": begin",
                    "where the tensor before it ends, " + end,
                    entry.begin());
            end = entry.end();
        }
        if (end > rest) {
            throw new IOException("the end is missing, " + (end - rest) + " bytes");
        }
        require(end == rest, "bytes after the last tensor", "0", rest - end);
    }

    private static void requireNew(Set<String> names, String name, String what) throws IOException {
        require(names.add(name), what, "given once", name);
    }

    private static void requireKind(JsonReader reader, JsonToken kind, String what, String rule) throws IOException {
        JsonToken found = reader.peek();
        require(found == kind, what, rule, found);
    }

    private static void require(boolean holds, String what, String rule, Object value) throws IOException {
        if (!holds) {
            throw new IOException(what + " must be " + rule + ", but was " + shown(value));
        }
    }

    /** A value of a damaged file can have any length. */
    private static String shown(Object value) {
        String text = String.valueOf(value);
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
    }
}
