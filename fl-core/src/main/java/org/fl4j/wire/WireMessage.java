package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.tensor.SafeTensors;

/**
 * One message between processes. In a stream it is 8 bytes of length, in little-endian order, and then safetensors
 * content, whose metadata hold the texts: {@code fl4j-wire} is the version of the form, {@code kind} the kind of the
 * message.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param kind what it is, such as {@code update}
 * @param texts names, numbers and parameters, by key; numbers as texts, so that none is lost or rounded
 * @param arrays by name
 */
public record WireMessage(String kind, Map<String, String> texts, Map<String, NDArray> arrays)
        implements AutoCloseable {
    /** The version of the form: a reader refuses any other. */
    public static final String VERSION = "1";

    private static final String FORM = "fl4j-wire";
    private static final String KIND = "kind";

    /** Copies the maps. */
    public WireMessage {
        Check.present("kind", kind);
        texts = Collections.unmodifiableMap(new TreeMap<>(texts));
        arrays = Collections.unmodifiableMap(new TreeMap<>(arrays));
        Check.that(!texts.containsKey(FORM) && !texts.containsKey(KIND), "keys of texts", "others than kind", texts);
    }

    /** Writes the message. */
    public void write(WritableByteChannel channel) throws IOException {
        Map<String, String> all = new TreeMap<>(texts);
        all.put(FORM, VERSION);
        all.put(KIND, kind);
        SafeTensors.write(channel, arrays, all);
    }

    /**
     * Reads one message; its arrays are copies, attached to the manager.
     *
     * @param most how many bytes it may have
     * @throws java.io.EOFException if the stream has ended before the first byte
     * @throws IOException if the stream cannot be read or ends early, or if it holds anything else; the message names
     *     what, the rule and the value
     */
    public static WireMessage read(ReadableByteChannel channel, long most, NDManager manager) throws IOException {
        SafeTensors.Content content = SafeTensors.read(channel, most, manager);
        Map<String, String> texts = new TreeMap<>(content.metadata());
        String version = texts.remove(FORM);
        String kind = texts.remove(KIND);
        if (!VERSION.equals(version) || kind == null) {
            content.tensors().values().forEach(NDArray::close);
            throw new IOException("message must be of version " + VERSION + " of " + FORM + " and have a kind, but was "
                    + (VERSION.equals(version) ? "without a kind" : "of version " + version));
        }
        return new WireMessage(kind, texts, content.tensors());
    }

    /** Frees the arrays. */
    @Override
    public void close() {
        arrays.values().forEach(NDArray::close);
    }
}
