package org.fl4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads text that people wrote: UTF-8, with or without a byte-order mark, with line ends of any system. */
public final class TextFiles {
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private TextFiles() {}

    /**
     * Returns the text of a file, without a byte-order mark; every line end is one {@code \n}.
     *
     * @throws IllegalArgumentException if it is not UTF-8; the message names the file, the byte, counted from 0, and
     *     the line
     * @throws UncheckedIOException if the file cannot be read
     */
    public static String read(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + Durable.reason(e), e);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length); // a byte gives at most one character
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        if (decoder.decode(in, out, /* endOfInput= */ true).isError()) {
            throw new IllegalArgumentException(
                    file + " must be UTF-8, but is not from byte " + in.position() + " on, in line " + line(in));
        }
        String text = out.flip().toString();
        String plain = text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        return plain.replace("\r\n", "\n").replace('\r', '\n');
    }

    /** Returns the line, counted from 1, of a buffer's position. */
    private static int line(ByteBuffer bytes) {
        int line = 1;
        for (int i = 0; i < bytes.position(); i++) {
            boolean beforeLineFeed = i + 1 < bytes.limit() && bytes.get(i + 1) == '\n';
            if (bytes.get(i) == '\n' || (bytes.get(i) == '\r' && !beforeLineFeed)) {
                line++;
            }
        }
        return line;
    }
}
