package org.fl4j.experiments.tracking;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.fl4j.internal.Sha256;

/**
 * Names of metrics and parameters in MLflow's alphabet: ASCII letters, digits, {@code _ - . /} and spaces, which form a
 * path without empty parts, at most 250 characters. Newer servers allow more, older ones do not.
 */
final class MlflowNames {
    private static final int LONGEST = 250;
    private static final int START = 180; // of a name that is too long; the rest of it is a hash
    private static final String EMPTY = "_u";
    private static final Pattern LIKE_AN_ESCAPE = Pattern.compile("_u[0-9a-f]{4}");

    private MlflowNames() {}

    /**
     * Returns the name for the server: {@code top5@acc} is {@code top5_u0040acc}, and an allowed name is itself. Two
     * names never become one, because what looks like an escape is escaped, too.
     */
    static String of(String name) {
        if (name.isEmpty()) {
            return EMPTY;
        }
        StringBuilder mapped = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            if (isKept(name, i)) {
                mapped.append(name.charAt(i));
            } else {
                mapped.append("_u").append(HexFormat.of().toHexDigits(name.charAt(i)));
            }
        }
        return mapped.length() <= LONGEST ? mapped.toString() : mapped.substring(0, START) + "_u-" + sha256(name);
    }

    private static boolean isKept(String name, int i) {
        char c = name.charAt(i);
        return switch (c) {
            case '-', ' ' -> true;
            case '.' -> !isDots(name, i);
            case '/' -> i > 0 && i < name.length() - 1 && name.charAt(i + 1) != '/';
            case '_' ->
                !name.equals(EMPTY)
                        && !LIKE_AN_ESCAPE
                                .matcher(name)
                                .region(i, name.length())
                                .lookingAt();
            default -> (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        };
    }

    /** Returns whether the path's part around a dot is only dots, which a path would lose. */
    private static boolean isDots(String name, int i) {
        int end = name.indexOf('/', i);
        String part = name.substring(name.lastIndexOf('/', i) + 1, end < 0 ? name.length() : end);
        return part.equals(".") || part.equals("..");
    }

    private static String sha256(String name) {
        return new Sha256()
                .add(ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_16BE)))
                .hex();
    }
}
