package org.fl4j.privacy.noise;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The key stream of AES-128 in counter mode under a random key: unpredictable, and fast where processors know AES. */
final class AesGenerator implements BulkGenerator {
    private static final int BLOCK = 1 << 14;

    private final Cipher cipher;
    private final byte[] zeros = new byte[BLOCK];
    private final byte[] stream = new byte[BLOCK];
    private LongBuffer left = LongBuffer.allocate(0);

    AesGenerator() {
        this(random(16), random(16));
    }

    AesGenerator(byte[] key, byte[] counter) {
        try {
            cipher = Cipher.getInstance("AES/CTR/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(counter));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES", e);
        }
    }

    private static byte[] random(int count) {
        byte[] bytes = new byte[count];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    @Override
    public void fill(long... bits) {
        for (int done = 0; done < bits.length; ) {
            refill();
            int count = Math.min(left.remaining(), bits.length - done);
            left.get(bits, done, count);
            done += count;
        }
    }

    @Override
    public long nextLong() {
        refill();
        return left.get();
    }

    private void refill() {
        if (!left.hasRemaining()) {
            try {
                cipher.update(zeros, 0, BLOCK, stream, 0);
            } catch (ShortBufferException e) {
                throw new IllegalStateException("a stream cipher returns as much as it takes", e);
            }
            left = ByteBuffer.wrap(stream).asLongBuffer();
        }
    }
}
