package org.fl4j.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Names of files and folders that are made from a user's text. */
public final class FileNames {
    private static final int LONGEST = 80;
    private static final int HASH_BYTES = 6;

    private FileNames() {}

    /**
     * Returns a name that every file system accepts. Names differ whenever texts differ, also where case does not
     * count: a text that is no such name by itself is made one, and gets {@code ~} and the start of its SHA-256. A text
     * of lower-case ASCII letters, digits and {@code .,=_-} is its own name, unless it begins or ends with a dot, is
     * longer than 80 characters or reserved by Windows.
     */
    public static String of(String text) {
        String readable = text.replaceAll("[^A-Za-z0-9.,=_-]+", "_")
                .replaceAll("^\\.", "_") // hidden files
                .replaceAll("\\.$", "_"); // Windows drops the dot
        if (readable.matches("(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?")) {
            readable = "_" + readable;
        }
        readable = readable.substring(0, Math.min(LONGEST, readable.length()));
        boolean itself =
                readable.equals(text) && !text.isEmpty() && text.chars().noneMatch(c -> c >= 'A' && c <= 'Z');
        return itself ? text : readable + "~" + hash(text);
    }

    private static String hash(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new Sha256().add(ByteBuffer.wrap(bytes)).hex().substring(0, 2 * HASH_BYTES);
    }
}
