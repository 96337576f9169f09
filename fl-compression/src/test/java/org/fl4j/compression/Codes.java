package org.fl4j.compression;

import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.random.Seed;

/** Every code, in several forms, and vectors to write. */
final class Codes {
    private Codes() {}

    static List<VectorCode> all() {
        return List.of(
                FloatFormat.FLOAT32,
                FloatFormat.FLOAT16,
                FloatFormat.BFLOAT16,
                new TopK(.1),
                new TopK(.01, Positions.GOLOMB, new KeptValues(16)),
                new TopK(.9, Positions.GOLOMB, new KeptValues(2)),
                new TopK(.2, Positions.FIXED, new KeptValues(8)),
                TopK.sparseTernary(.04),
                new RandomK(.2, RandomK.Scale.UNBIASED, new KeptValues(32)),
                new RandomK(.2, RandomK.Scale.NONE, new KeptValues(5)),
                new Threshold(.5, Positions.FIXED, new KeptValues(32)),
                new Threshold(1.5, Positions.GOLOMB, new KeptValues(1)),
                new Threshold(.5, Positions.GOLOMB, new KeptValues(4)),
                new ScaledSign(),
                new Qsgd(1, Qsgd.Form.PAPER),
                new Qsgd(100, Qsgd.Form.PAPER),
                new Qsgd(16, Qsgd.Form.FIXED),
                new Qsgd(1, Qsgd.Form.FIXED),
                new TernGrad(0),
                new TernGrad(2.5),
                new UniformQuantiser(1, UniformQuantiser.Rounding.STOCHASTIC),
                new UniformQuantiser(8, UniformQuantiser.Rounding.STOCHASTIC),
                new UniformQuantiser(2, UniformQuantiser.Rounding.NEAREST),
                new Eden(1),
                new Eden(3),
                new Eden(8),
                new CountSketch(1, .5),
                new CountSketch(5, .3),
                new EntropyCoded(new UniformQuantiser(4, UniformQuantiser.Rounding.NEAREST)),
                new EntropyCoded(TopK.sparseTernary(.2)));
    }

    static float[] normal(int size, long seed) {
        RandomGenerator random = new Seed(seed).generator();
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Mostly small values, and some that are much larger. */
    static float[] heavy(int size, long seed) {
        float[] values = normal(size, seed);
        for (int i = 0; i < size; i++) {
            values[i] = values[i] * values[i] * values[i] * values[i] * values[i];
        }
        return values;
    }

    static byte[] bytes(VectorCode code, float[] values, long seed) {
        BitWriter out = new BitWriter();
        code.write(values, new Seed(seed), out);
        return out.toBytes();
    }

    static float[] read(VectorCode code, int size, byte... bytes) {
        BitReader in = new BitReader(bytes);
        float[] values = code.read(size, in);
        in.requireEnd();
        return values;
    }

    static float[] sent(VectorCode code, float[] values, long seed) {
        return read(code, values.length, bytes(code, values, seed));
    }

    static double squares(float... values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return sum;
    }

    static double squaredError(float[] values, float... read) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += Math.pow((double) values[i] - read[i], 2);
        }
        return sum;
    }
}
