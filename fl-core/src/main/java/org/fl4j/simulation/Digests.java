package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.tensor.SafeTensors;

/** The SHA-256 of all that is in a file of FL4J's, kept in the file's own metadata: what was damaged is not taken for good. */
final class Digests {
    private static final String FIELD = "sha256";

    private Digests() {}

    /** Returns the digest of values, names, shapes, types and metadata but itself, in hexadecimal digits. */
    static String of(Map<String, NDArray> tensors, Map<String, String> metadata) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            tensors.forEach((name, array) -> {
                digest.update((name + array.getShape() + array.getDataType()).getBytes(StandardCharsets.UTF_8));
                digest.update(array.toByteBuffer());
            });
            new TreeMap<>(metadata).forEach((key, value) -> {
                if (!key.equals(FIELD)) {
                    digest.update((key + '=' + value + '\n').getBytes(StandardCharsets.UTF_8));
                }
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
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
