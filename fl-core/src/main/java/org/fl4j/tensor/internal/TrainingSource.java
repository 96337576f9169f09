package org.fl4j.tensor.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Writes a client's whole local training as one program: batches, forward pass, loss, backward pass, step. Its method
 * is {@code train}.
 */
public final class TrainingSource {
    private final StepRule rule;
    private final long trainableCount;
    private final ProgramWriter out = new ProgramWriter();
    private final GradientSink sink;
    private final LayerWriter layers;

    /**
     * Begins a program.
     *
     * @param parameters where trainable parameters and float buffers are, in the order of the network
     * @param rule how trainable parameters move
     */
    public TrainingSource(List<ParameterView> parameters, StepRule rule) {
        this.rule = rule;
        trainableCount = parameters.stream()
                .filter(ParameterView::trainable)
                .mapToLong(ParameterView::size)
                .sum();
        sink = GradientSink.of(rule, out, BatchForm.ONE);
        layers = new LayerWriter(parameters, out, BatchForm.ONE, sink);
    }

    /** Has layers written for the CPU, where they have such a form. */
    public TrainingSource forCpu() {
        layers.forCpu();
        return this;
    }

    /**
     * Writes the program.
     *
     * @param network writes the layers, which read {@code features}
     * @param term adds to {@code gradient} before the rule reads it
     * @return nothing if the network has no compiled form
     */
    public Optional<String> write(
            Function<LayerWriter, Optional<LayerPass>> network,
            LossForm loss,
            Optional<? extends Consumer<LayerWriter>> term) {
        return network.apply(layers).map(pass -> {
            pass.backward().write(loss.write(layers, pass.output()));
            term.ifPresent(own -> own.accept(layers));
            rule.before().forEach(out::step);
            rule.clip().ifPresent(this::clip);
            rule.after().forEach(out::step);
            return assemble();
        });
    }

    private void clip(double bound) {
        out.step("norm = float(torch.linalg_vector_norm(gradient, 2, None, False, dtype=7))");
        out.step("if torch.gt(norm, %s):", literal(bound));
        out.step("  clipped = torch.mul_(gradient, torch.div(%s, norm))", literal(bound));
        out.step("else:");
        out.step("  pass");
    }

    private String assemble() {
        StringBuilder program = new StringBuilder("""
                  def train(self: __torch__.Program, w: Tensor, received: Tensor, correction: Tensor,
                          gradient: Tensor, state: List[Tensor], frozen: List[Tensor], x: Tensor, y: Tensor,
                          rows: Tensor, positions: Tensor, tensors: List[Tensor], starts: List[int],
                          masks: List[Tensor], losses: Tensor, before: int, rate: float) -> List[float]:
                    descent = torch.neg(rate)
                    first = starts[0]
                """);
        program.append("    keep = torch.sub(1., torch.mul(rate, ")
                .append(literal(rule.weightDecay()))
                .append("))\n    trainable = torch.narrow(w, 0, 0, ")
                .append(trainableCount)
                .append(")\n");
        out.setup().forEach(line -> program.append("    ").append(line).append('\n'));
        program.append("""
                    for s in range(torch.sub(torch.len(starts), 1)):
                      taken = torch.add(before, s)
                      a = starts[s]
                      count = torch.sub(starts[torch.add(s, 1)], a)
                      batch = torch.narrow(rows, 0, a, count)
                      features = torch.index_select(x, 0, batch)
                      labels = torch.index_select(y, 0, batch)
                      seen = torch.narrow(losses, 0, a, count)
                """);
        out.step().forEach(line -> program.append("      ").append(line).append('\n'));
        sink.finish(program, "    ");
        return program.append("""
                            last = starts[torch.sub(torch.len(starts), 1)]
                            all = torch.narrow(losses, 0, first, torch.sub(last, first))
                            return [float(torch.sum(all)), float(torch.dot(all, all))]
                        """).toString();
    }

    /** Returns a number as TorchScript reads it. */
    static String literal(double number) {
        return String.valueOf(number).replace('E', 'e');
    }
}
