package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.tensor.ParameterVector;

/** A message in the making; {@link Fields} takes it apart again. */
final class Draft {
    private final Map<String, String> texts = new TreeMap<>();
    private final Map<String, NDArray> arrays = new TreeMap<>();

    void text(String key, Object value) {
        texts.put(key, value.toString());
    }

    void array(String name, NDArray array) {
        arrays.put(name, array);
    }

    void vector(String name, ParameterVector vector) {
        array(name + "/floats", vector.floats());
        vector.integers().ifPresent(integers -> array(name + "/integers", integers));
    }

    /** Adds the texts of another draft, each behind a prefix. */
    void include(String prefix, Draft part) {
        part.texts.forEach((key, value) -> texts.put(prefix + key, value));
    }

    WireMessage message(String kind) {
        return new WireMessage(kind, texts, arrays);
    }
}
