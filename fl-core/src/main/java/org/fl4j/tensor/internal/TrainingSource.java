package org.fl4j.tensor.internal;

import java.util.List;
import java.util.Optional;
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

    /** What is minimised: the mean over a batch, of scores (n, outputs). */
    public enum Loss {
        /** Of scores against a class (n): softmax cross-entropy. */
        CROSS_ENTROPY,
        /** Of outputs against numbers of as many elements: the mean of squared differences. */
        SQUARED_ERROR
    }

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

    /**
     * Writes the program.
     *
     * @param network writes the layers, which read {@code features}
     * @return nothing if the network has no compiled form
     */
    public Optional<String> write(Function<LayerWriter, Optional<LayerPass>> network, Loss loss) {
        return network.apply(layers).map(pass -> {
            String gradient = loss == Loss.CROSS_ENTROPY ? crossEntropy(pass.output()) : squaredError(pass.output());
            pass.backward().write(gradient);
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
                          rows: Tensor, starts: List[int], masks: List[Tensor], losses: Tensor, before: int,
                          rate: float) -> List[float]:
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
                """);
        out.step().forEach(line -> program.append("      ").append(line).append('\n'));
        sink.finish(program, "    ");
        return program.append("""
                            last = starts[torch.sub(torch.len(starts), 1)]
                            seen = torch.narrow(losses, 0, first, torch.sub(last, first))
                            return [float(torch.sum(seen)), float(torch.dot(seen, seen))]
                        """).toString();
    }

    private String crossEntropy(String logits) {
        String logs = out.value("torch.log_softmax(%s, 1, None)", logits);
        String both = out.value("torch.nll_loss_forward(%s, labels, None, 0, -100)", logs);
        out.effect("torch.copy_(torch.narrow(losses, 0, a, count), (%s)[0])", both);
        String share = out.value("torch.full_like((%s)[0], torch.div(1., float(count)))", both);
        String back = out.value("torch.nll_loss_backward(%s, %s, labels, None, 0, -100, (%s)[1])", share, logs, both);
        return out.value("torch._log_softmax_backward_data(%s, %s, 1, 6)", back, logs);
    }

    private String squaredError(String outputs) {
        String error = out.value("torch.sub(%1$s, torch.reshape(labels, torch.size(%1$s)))", outputs);
        String square = out.value("torch.reshape(torch.mul(%1$s, %1$s), [count, -1])", error);
        out.effect("torch.copy_(torch.narrow(losses, 0, a, count), torch.mean(%s, [1]))", square);
        return out.value("torch.mul(%1$s, torch.div(2., float(torch.numel(%1$s))))", error);
    }

    /** Returns a number as TorchScript reads it. */
    static String literal(double number) {
        return String.valueOf(number).replace('E', 'e');
    }
}
