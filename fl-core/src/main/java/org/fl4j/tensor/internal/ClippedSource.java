package org.fl4j.tensor.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Writes the sum of clipped gradients of single examples as one program, see {@link ExampleSink}. Its method is
 * {@code clipped}.
 */
public final class ClippedSource {
    private static final String HEAD = """
              def clipped(self: __torch__.Program, w: Tensor, gradient: Tensor, frozen: List[Tensor], x: Tensor,
                      y: Tensor, rows: Tensor, masks: List[Tensor], told: Tensor, bound: float,
                      scale: float) -> NoneType:
            """;

    private static final String BATCH = """
                a = 0
                first = 0
                count = torch.size(rows, 0)
                features = torch.index_select(x, 0, rows)
                labels = torch.index_select(y, 0, rows)
                seen = torch.narrow(told, 0, 0, count)
            """;

    private final ProgramWriter out = new ProgramWriter();
    private final ExampleSink sink = new ExampleSink(out);
    private final LayerWriter layers;

    /**
     * Begins a program.
     *
     * @param parameters where trainable parameters are, in the order of the network
     */
    public ClippedSource(List<ParameterView> parameters) {
        layers = new LayerWriter(parameters, out, BatchForm.ONE, sink);
    }

    /**
     * Writes the program.
     *
     * @param network writes the layers, which read {@code features}
     * @return nothing if a layer of the network does not tell the gradients of single examples
     */
    public Optional<String> write(Function<LayerWriter, Optional<LayerPass>> network, LossForm loss) {
        return network.apply(layers).flatMap(pass -> {
            String ofMean = loss.write(layers, pass.output());
            pass.backward().write(out.value("torch.mul(%s, float(count))", ofMean));
            return sink.isComplete() ? Optional.of(assemble()) : Optional.empty();
        });
    }

    private String assemble() {
        sink.clip();
        StringBuilder program = new StringBuilder(HEAD);
        out.setup().forEach(line -> program.append("    ").append(line).append('\n'));
        program.append(BATCH);
        out.step().forEach(line -> program.append("    ").append(line).append('\n'));
        return program.append("    return None\n").toString();
    }
}
