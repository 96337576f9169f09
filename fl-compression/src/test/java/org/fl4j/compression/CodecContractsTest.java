package org.fl4j.compression;

import org.fl4j.core.Codec;
import org.fl4j.testing.CodecContract;
import org.junit.jupiter.api.Nested;

/** The contract of codecs, for every code. */
class CodecContractsTest {
    @Nested
    class HalfTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(FloatFormat.FLOAT16);
        }
    }

    @Nested
    class BrainFloatTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(FloatFormat.BFLOAT16, VectorCodec.Scope.ARRAY);
        }
    }

    @Nested
    class TopKTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new ErrorFeedback(new VectorCodec(new TopK(.1), VectorCodec.Scope.ARRAY));
        }
    }

    @Nested
    class SparseTernaryTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new ErrorFeedback(new VectorCodec(TopK.sparseTernary(.05)));
        }
    }

    @Nested
    class Ef21Test extends CodecContract {
        @Override
        protected Codec codec() {
            return new Ef21.Changes(new VectorCodec(new TopK(.1)));
        }
    }

    /** Top-k, then four bits, then an entropy code. */
    @Nested
    class ChainTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new EntropyCoded(new TopK(.3, Positions.GOLOMB, new KeptValues(4))));
        }
    }

    @Nested
    class RandomKTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new RandomK(.4, RandomK.Scale.UNBIASED, new KeptValues(32)));
        }
    }

    @Nested
    class ThresholdTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new Threshold(.3, Positions.GOLOMB, new KeptValues(16)));
        }
    }

    @Nested
    class SignTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new ErrorFeedback(new VectorCodec(new ScaledSign()));
        }
    }

    @Nested
    class QsgdTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new Qsgd(16, Qsgd.Form.PAPER));
        }
    }

    @Nested
    class FixedQsgdTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new Qsgd(16, Qsgd.Form.FIXED));
        }
    }

    @Nested
    class TernGradTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new TernGrad(2.5));
        }
    }

    @Nested
    class UniformTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new UniformQuantiser(3, UniformQuantiser.Rounding.STOCHASTIC));
        }
    }

    @Nested
    class DriveTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new Eden(1));
        }
    }

    @Nested
    class EdenTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new Eden(4));
        }
    }

    @Nested
    class CountSketchTest extends CodecContract {
        @Override
        protected Codec codec() {
            return new VectorCodec(new CountSketch(3, .5));
        }
    }
}
