package org.fl4j.compression;

import java.util.List;
import java.util.function.Function;
import org.fl4j.core.Codec;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.Algorithm;

/** The names of this module's codecs and algorithms. */
public final class CompressionStrategies implements StrategyProvider {
    private static final double FRACTION = .01;
    private static final int LEVELS = 16;

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                algorithm("signsgd", p -> new SignSgd(p.number("learningRate", .001), p.number("momentum", 0))),
                algorithm(
                        "ef21",
                        p -> new Ef21(new VectorCodec(
                                new TopK(p.number("fraction", FRACTION), positions(p), values(p)), scope(p)))),
                algorithm(
                        "fetchsgd",
                        p -> new FetchSgd(
                                sketch(p, .25),
                                p.number("k", .002),
                                p.number("learningRate", 1),
                                p.number("momentum", .9))),
                lossy("float16", p -> FloatFormat.FLOAT16),
                lossy("bfloat16", p -> FloatFormat.BFLOAT16),
                corrected("top-k", p -> new TopK(p.number("fraction", FRACTION), positions(p), values(p))),
                lossy(
                        "random-k",
                        p -> new RandomK(
                                p.number("fraction", FRACTION), p.choice("scale", RandomK.Scale.UNBIASED), values(p))),
                corrected("threshold", p -> new Threshold(p.number("least", .001), positions(p), values(p))),
                corrected("stc", p -> TopK.sparseTernary(p.number("fraction", FRACTION))),
                corrected("sign", p -> new ScaledSign()),
                lossy("qsgd", p -> new Qsgd(p.integer("levels", LEVELS), p.choice("form", Qsgd.Form.PAPER))),
                lossy("terngrad", p -> new TernGrad(p.number("clip", 0))),
                lossy(
                        "quantised",
                        p -> new UniformQuantiser(
                                p.integer("bits", 4), p.choice("rounding", UniformQuantiser.Rounding.STOCHASTIC))),
                lossy("drive", p -> new Eden(1)),
                lossy("eden", p -> new Eden(p.integer("bits", 2))),
                lossy("count-sketch", p -> sketch(p, .1)));
    }

    private static Positions positions(Parameters p) {
        return p.choice("positions", Positions.GOLOMB);
    }

    private static CountSketch sketch(Parameters p, double fraction) {
        return new CountSketch(p.integer("rows", 5), p.number("fraction", fraction));
    }

    private static VectorCodec.Scope scope(Parameters p) {
        return p.choice("scope", VectorCodec.Scope.MODEL);
    }

    private static NamedStrategy<Algorithm> algorithm(String name, Function<Parameters, Algorithm> make) {
        return new NamedStrategy<>(Algorithm.class, name, make);
    }

    private static KeptValues values(Parameters p) {
        return new KeptValues(p.integer("valueBits", Float.SIZE));
    }

    private static NamedStrategy<Codec> lossy(String name, Function<Parameters, VectorCode> code) {
        return new NamedStrategy<>(Codec.class, name, p -> codec(p, code.apply(p), false));
    }

    private static NamedStrategy<Codec> corrected(String name, Function<Parameters, VectorCode> code) {
        return new NamedStrategy<>(Codec.class, name, p -> codec(p, code.apply(p), true));
    }

    private static Codec codec(Parameters p, VectorCode code, boolean feedback) {
        VectorCode coded = p.flag("entropy", false) ? new EntropyCoded(code) : code;
        VectorCodec codec = new VectorCodec(coded, scope(p));
        return p.flag("errorFeedback", feedback) ? new ErrorFeedback(codec) : codec;
    }
}
