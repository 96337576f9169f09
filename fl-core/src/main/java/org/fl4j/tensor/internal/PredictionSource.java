package org.fl4j.tensor.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Writes a forward pass in evaluation mode as one program. Its method is {@code predict}. */
public final class PredictionSource {
    private final ProgramWriter out = new ProgramWriter();
    private final LayerWriter layers;

    /**
     * Begins a program.
     *
     * @param parameters where trainable parameters and float buffers are, in the order of the network
     */
    public PredictionSource(List<ParameterView> parameters) {
        layers = new LayerWriter(parameters, out, BatchForm.ONE, new GradientSink.Closed(out));
    }

    /** Has layers written for the CPU, where they have such a form. */
    public PredictionSource forCpu() {
        layers.forCpu();
        return this;
    }

    /**
     * Writes the program.
     *
     * @param network writes the layers, which read {@code features}
     * @return nothing if the network has no compiled form, or if somebody may ask for the output of a named layer
     */
    public Optional<String> write(Function<LayerWriter, Optional<LayerPass>> network) {
        return network.apply(layers).filter(pass -> !layers.namesOutputs()).map(pass -> {
            StringBuilder program = new StringBuilder("""
                      def predict(self: __torch__.Program, w: Tensor, frozen: List[Tensor], features: Tensor,
                              predictions: Tensor) -> NoneType:
                        trainable = w
                    """);
            out.setup().forEach(line -> program.append("    ").append(line).append('\n'));
            out.step().forEach(line -> program.append("    ").append(line).append('\n'));
            return program.append("    copied = torch.copy_(predictions, ")
                    .append(pass.output())
                    .append(")\n    return None\n")
                    .toString();
        });
    }
}
