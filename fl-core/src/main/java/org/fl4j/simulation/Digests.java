package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Sha256;
import org.fl4j.tensor.SafeTensors;

/**
 * The SHA-256 of all that is in a file of FL4J's, kept in the file's own metadata: what was damaged is not taken for
 * good.
 */
final class Digests {
    private static final String FIELD = "sha256";

    private Digests() {}

    /** Returns the digest of values, names, shapes, types and metadata but itself, in hexadecimal digits. */
    static String of(Map<String, NDArray> tensors, Map<String, String> metadata) {
        Sha256 hash = new Sha256();
        tensors.forEach((name, array) ->
                hash.add(name + array.getShape() + array.getDataType()).add(array.toByteBuffer()));
        new TreeMap<>(metadata).forEach((key, value) -> {
            if (!key.equals(FIELD)) {
                hash.add(key).add(value);
            }
        });
        return hash.hex();
    }

    /** Returns metadata with the digest in it. */
    static Map<String, String> sealed(Map<String, NDArray> tensors, Map<String, String> metadata) {
        Map<String, String> with = new TreeMap<>(metadata);
        with.put(FIELD, of(tensors, metadata));
        return with;
    }

    /**
     * Checks what was read.
     *
     * @throws IOException if it is not what was written
     */
    static void require(SafeTensors.Content content) throws IOException {
        if (!of(content.tensors(), content.metadata()).equals(content.metadata().get(FIELD))) {
            throw new IOException("the values do not have the SHA-256 they were saved with");
        }
    }
}
