package org.fl4j.compression;

import org.fl4j.random.Seed;

/** Floating-point numbers of fewer bits, each rounded to the nearest, ties to even. */
public enum FloatFormat implements VectorCode {
    /** IEEE 754 binary32: nothing is lost. */
    FLOAT32(Float.SIZE) {
        @Override
        int rounded(float value) {
            return Float.floatToRawIntBits(value);
        }

        @Override
        float read(int bits) {
            return Float.intBitsToFloat(bits);
        }
    },
    /** IEEE 754 binary16; values beyond its largest, 65504, become that. */
    FLOAT16(Short.SIZE) {
        @Override
        int rounded(float value) {
            int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
            double size = Math.min(Math.abs(value), LARGEST_HALF);
            int exponent = Math.max(Math.getExponent(size), LEAST_EXPONENT);
            // the unit in the last place of 11 significant bits, or of the least numbers
            long units = (long) Math.rint(Math.scalb(size, HALF_FRACTION - exponent));
            return sign | (int) (units + ((long) (exponent - LEAST_EXPONENT) << HALF_FRACTION));
        }

        @Override
        float read(int bits) {
            int exponent = (bits >>> HALF_FRACTION) & 0x1F;
            int fraction = bits & 0x3FF;
            float size = exponent == 0
                    ? Math.scalb((float) fraction, LEAST_EXPONENT - HALF_FRACTION)
                    : exponent == 0x1F
                            ? Float.POSITIVE_INFINITY
                            : Math.scalb((float) (fraction + 0x400), exponent - 1 + LEAST_EXPONENT - HALF_FRACTION);
            return (bits & 0x8000) == 0 ? size : -size;
        }
    },
    /** The upper half of a binary32, as wide in range; values that would round to infinity become the largest. */
    BFLOAT16(Short.SIZE) {
        @Override
        int rounded(float value) {
            int bits = Float.floatToRawIntBits(value);
            int rounded = (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
            return (rounded & 0x7FFF) == 0x7F80 ? rounded - 1 : rounded;
        }

        @Override
        float read(int bits) {
            return Float.intBitsToFloat(bits << 16);
        }
    };

    private static final double LARGEST_HALF = 65504;
    private static final int LEAST_EXPONENT = -14;
    private static final int HALF_FRACTION = 10;

    private final int bits;

    FloatFormat(int bits) {
        this.bits = bits;
    }

    abstract int rounded(float value);

    abstract float read(int bits);

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        for (float value : values) {
            out.bits(rounded(value), bits);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = read((int) in.bits(bits));
        }
        return values;
    }

    @Override
    public long mostBits(int size) {
        return (long) bits * size;
    }

    @Override
    public Loss loss() {
        return Loss.CONTRACTION;
    }
}
