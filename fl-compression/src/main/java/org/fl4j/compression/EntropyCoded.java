package org.fl4j.compression;

import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Another code, whose bytes are then written in Huffman codes: DEFLATE (RFC 1951) without a search for repetitions.
 * Nothing more is lost. Helps codes whose bytes are unevenly distributed, such as levels of few bits.
 *
 * @param code what is coded
 */
public record EntropyCoded(VectorCode code) implements VectorCode {
    private static final int STORED_BLOCK = 16_383; // the shortest that DEFLATE makes of what cannot be shortened
    private static final int OVERHEAD = 5; // bytes of a stored block
    private static final int LEAST = 64;

    /** Checks for presence. */
    public EntropyCoded {
        Check.present("code", code);
    }

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        BitWriter plain = new BitWriter();
        code.write(values, seed, plain);
        byte[] bytes = plain.toBytes();
        byte[] coded = new byte[Math.toIntExact(most(bytes.length))];
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, /* nowrap= */ true);
        int length = 0;
        try {
            deflater.setStrategy(Deflater.HUFFMAN_ONLY);
            deflater.setInput(bytes);
            deflater.finish();
            while (!deflater.finished() && length < coded.length) {
                length += deflater.deflate(coded, length, coded.length - length);
            }
            if (!deflater.finished()) {
                throw new IllegalStateException("an entropy code must fit into " + coded.length + " bytes");
            }
        } finally {
            deflater.end();
        }
        out.bits(bytes.length, Integer.SIZE);
        out.bits(length, Integer.SIZE);
        for (int i = 0; i < length; i++) {
            out.bits(coded[i], Byte.SIZE);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        long plainLength = in.bits(Integer.SIZE);
        long length = in.bits(Integer.SIZE);
        long most = (code.mostBits(size) + Byte.SIZE - 1) / Byte.SIZE;
        Check.that(plainLength <= most, "bytes before entropy coding", "at most " + most, plainLength);
        Check.that(length <= in.bytesLeft(), "bytes of an entropy code", "as many as were sent", length);
        byte[] coded = new byte[(int) length];
        for (int i = 0; i < length; i++) {
            coded[i] = (byte) in.bits(Byte.SIZE);
        }
        BitReader plain = new BitReader(inflated(coded, (int) plainLength));
        float[] values = code.read(size, plain);
        plain.requireEnd();
        return values;
    }

    private static byte[] inflated(byte[] coded, int length) {
        byte[] bytes = new byte[length];
        Inflater inflater = new Inflater(/* nowrap= */ true);
        try {
            inflater.setInput(coded);
            int read = inflater.inflate(bytes);
            Check.that(
                    read == length && inflater.getRemaining() == 0,
                    "entropy code of a delta",
                    "of " + length + " bytes",
                    read);
            return bytes;
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("entropy code of a delta must be DEFLATE, but was not", e);
        } finally {
            inflater.end();
        }
    }

    private static long most(long bytes) {
        return LEAST + bytes + OVERHEAD * (bytes / STORED_BLOCK + 1);
    }

    @Override
    public long mostBits(int size) {
        return 2L * Integer.SIZE + Byte.SIZE * most((code.mostBits(size) + Byte.SIZE - 1) / Byte.SIZE);
    }

    @Override
    public Loss loss() {
        return code.loss();
    }
}
