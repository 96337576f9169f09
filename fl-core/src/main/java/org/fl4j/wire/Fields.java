package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.fl4j.internal.Decimals;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/** Takes a message apart: whatever is missing, is no number, or is left over at the end, is told by its key. */
final class Fields {
    private static final int SHOWN = 80;

    private final String kind;
    private final TreeMap<String, String> texts;
    private final Map<String, NDArray> arrays;

    Fields(WireMessage message, String kind) throws IOException {
        if (!message.kind().equals(kind)) {
            throw new IOException("kind of the message must be " + kind + ", but was " + shown(message.kind()));
        }
        this.kind = kind;
        texts = new TreeMap<>(message.texts());
        arrays = new TreeMap<>(message.arrays());
    }

    String text(String key) throws IOException {
        String text = texts.remove(key);
        if (text == null) {
            throw new IOException(kind + ": " + key + " must be there, but is not");
        }
        return text;
    }

    private Fields(String kind, Map<String, String> texts) {
        this.kind = kind;
        this.texts = new TreeMap<>(texts);
        arrays = new TreeMap<>();
    }

    /** Returns whether there are texts whose key starts so. */
    boolean has(String prefix) {
        String first = texts.ceilingKey(prefix);
        return first != null && first.startsWith(prefix);
    }

    /** Takes all texts whose key starts so, as fields of their own. */
    Fields part(String prefix) {
        return new Fields(kind, texts(prefix));
    }

    Optional<String> find(String key) {
        return Optional.ofNullable(texts.remove(key));
    }

    long whole(String key) throws IOException {
        return parsed(key, text(key), "a whole number", Long::parseLong);
    }

    int integer(String key) throws IOException {
        return parsed(key, text(key), "a whole number below 2^31", Integer::parseInt);
    }

    <E extends Enum<E>> E constant(String key, Class<E> type) throws IOException {
        return constant(key, text(key), type);
    }

    <E extends Enum<E>> E constant(String key, String text, Class<E> type) throws IOException {
        return parsed(key, text, "a name of " + type.getSimpleName(), name -> Enum.valueOf(type, name));
    }

    <T> T parsed(String key, String text, String rule, Function<String, T> parse) throws IOException {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IOException(kind + ": " + key + " must be " + rule + ", but was " + shown(text), e);
        }
    }

    /** Takes all texts whose key starts so, by the rest of the key. */
    Map<String, String> texts(String prefix) {
        return taken(texts, prefix);
    }

    Map<String, Double> numbers(String prefix) throws IOException {
        Map<String, Double> numbers = new TreeMap<>();
        for (Map.Entry<String, String> text : texts(prefix).entrySet()) {
            numbers.put(text.getKey(), parsed(prefix + text.getKey(), text.getValue(), "a number", Decimals::parse));
        }
        return numbers;
    }

    /** Takes all arrays whose name starts so, by the rest of the name. */
    Map<String, NDArray> arrays(String prefix) {
        return taken(arrays, prefix);
    }

    /** Takes a vector of a layout, if it is there. */
    Optional<ParameterVector> vector(String name, ParameterLayout layout) throws IOException {
        Optional<NDArray> floats = Optional.ofNullable(arrays.remove(name + "/floats"));
        Optional<NDArray> integers = Optional.ofNullable(arrays.remove(name + "/integers"));
        if (floats.isEmpty() && integers.isEmpty()) {
            return Optional.empty();
        }
        if (floats.isEmpty()) {
            throw new IOException(kind + ": " + name + "/floats must be there, but is not");
        }
        try {
            return Optional.of(new ParameterVector(layout, floats.get(), integers));
        } catch (RuntimeException e) { // another layout
            throw new IOException(kind + ": " + name + " must be of the model's layout, but: " + e.getMessage(), e);
        }
    }

    /** Checks that nothing is left. */
    void end() throws IOException {
        if (!texts.isEmpty() || !arrays.isEmpty()) {
            throw new IOException(kind + " must have no further fields, but has "
                    + shown(texts.keySet().toString()) + " and arrays "
                    + shown(arrays.keySet().toString()));
        }
    }

    private static <T> Map<String, T> taken(Map<String, T> from, String prefix) {
        Map<String, T> found = new TreeMap<>();
        from.entrySet().removeIf(entry -> {
            boolean starts = entry.getKey().startsWith(prefix);
            if (starts) {
                found.put(entry.getKey().substring(prefix.length()), entry.getValue());
            }
            return starts;
        });
        return found;
    }

    private static String shown(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
    }
}
