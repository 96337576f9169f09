package org.fl4j.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 of several things, one after another. */
public final class Sha256 {
    /** To look an algorithm up takes longer than to hash a few numbers. */
    private static final ThreadLocal<MessageDigest> OF_THREAD = ThreadLocal.withInitial(Sha256::newDigest);

    private final MessageDigest digest = newDigest();

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Returns the first eight bytes of the hash of numbers. */
    public static long first(long... numbers) {
        byte[] bytes = new byte[Long.BYTES * numbers.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (numbers[i / Long.BYTES] >>> (Long.SIZE - Byte.SIZE * (1 + i % Long.BYTES)));
        }
        return ByteBuffer.wrap(OF_THREAD.get().digest(bytes)).getLong();
    }

    /** Adds a text in UTF-8, after its length. */
    public Sha256 add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return add(bytes.length).add(ByteBuffer.wrap(bytes));
    }

    /** Adds the eight bytes of a number. */
    public Sha256 add(long number) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(number).flip());
        return this;
    }

    /** Adds what remains in a buffer. */
    public Sha256 add(ByteBuffer bytes) {
        digest.update(bytes);
        return this;
    }

    /** Adds the bits of floats. */
    public Sha256 add(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, values.length));
        bytes.asFloatBuffer().put(values);
        return add(bytes);
    }

    /** Returns the hash, and starts anew. */
    public byte[] bytes() {
        return digest.digest();
    }

    /** Returns the hash in hexadecimal digits, and starts anew. */
    public String hex() {
        return HexFormat.of().formatHex(bytes());
    }
}
