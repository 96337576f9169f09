package org.fl4j.tensor.internal;

import static org.fl4j.tensor.internal.TrainingSource.literal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Writes the local training of a block of clients as one program: each operation works on all of them at once. Clients
 * are ordered by how many steps they take, most first, so that those at work in a step are the first ones. A parameter
 * of all clients is one stretch of memory. Batches are filled up with examples that do not count. Its method is
 * {@code train}.
 */
public final class BlockSource {
    private static final String HEAD = """
              def train(self: __torch__.Program, w: Tensor, model: Tensor, starts: Tensor, anchors: Tensor,
                      corrections: Tensor, gradients: Tensor, states: List[Tensor], deltas: Tensor, x: Tensor,
                      y: Tensor, memory: Tensor, rows: Tensor, actives: List[int], example: List[int],
                      label: List[int], shares: Tensor, losses: Tensor, sums: Tensor, k: int, batch: int,
                      rate: float) -> NoneType:
                descent = torch.neg(rate)
                anchored = torch.expand(anchors, [k, -1])
                corrected_by = torch.expand(corrections, [k, -1])
                for i in range(torch.len(states)):
                  cleared = torch.zero_(states[i])
            """;

    private static final String STEP = """
                first = 0
                for s in range(torch.len(actives)):
                  taken = s
                  active = actives[s]
                  count = torch.mul(active, batch)
                  chosen = torch.narrow(rows, 0, first, count)
                  gathered = torch.index_select(x, 0, chosen, out=torch.narrow(memory, 0, 0, count))
                  features = torch.view(gathered, torch.add([active, batch], example))
                  labels = torch.reshape(torch.index_select(y, 0, chosen), torch.add([active, batch], label))
                  share = torch.reshape(torch.narrow(shares, 0, first, count), [active, batch, 1])
                  seen = torch.narrow(losses, 0, first, count)
                  first = torch.add(first, count)
            """;

    private static final String END = """
                summed = torch.sum(deltas, [1], out=torch.narrow(sums, 0, 0, k))
                return None
            """;

    private final List<ParameterView> parameters;
    private final StepRule rule;
    private final ProgramWriter out = new ProgramWriter();
    private final LayerWriter layers;

    /**
     * Begins a program.
     *
     * @param parameters where trainable parameters are, in the order of the network; buffers there are none
     * @param rule how they move
     */
    public BlockSource(List<ParameterView> parameters, StepRule rule) {
        this.parameters = List.copyOf(parameters);
        this.rule = rule;
        layers = new LayerWriter(parameters, out, BatchForm.BLOCK, GradientSink.of(rule, out, BatchForm.BLOCK));
    }

    /**
     * Writes the program.
     *
     * @param network writes the layers, which read {@code features}
     * @return nothing if the network has no compiled form
     */
    public Optional<String> write(Function<LayerWriter, Optional<LayerPass>> network, Loss loss) {
        return network.apply(layers).map(pass -> {
            String gradient = switch (loss) {
                case CROSS_ENTROPY -> crossEntropy(pass.output());
                case SQUARED_ERROR -> squaredError(pass.output());
                case TOKEN_CROSS_ENTROPY ->
                    throw new IllegalArgumentException("loss must be one of rows, but was " + loss);
            };
            pass.backward().write(gradient);
            if (!rule.descends()) {
                move();
            }
            return assemble();
        });
    }

    /** Losses of examples that fill up a batch are written too, and read by nobody. */
    private String crossEntropy(String logits) {
        String logs = out.value("torch.log_softmax(%s, 2, None)", logits);
        String classes = out.value("torch.unsqueeze(labels, 2)");
        out.effect("torch.copy_(seen, torch.neg(torch.reshape(torch.gather(%s, 2, %s), [-1])))", logs, classes);
        String gradient = out.value("torch.exp_(%s)", logs);
        out.effect("torch.scatter_add_(%s, 2, %s, torch.full_like(share, -1.))", gradient, classes);
        return out.value("torch.mul_(%s, share)", gradient);
    }

    private String squaredError(String outputs) {
        String error = out.value("torch.flatten(torch.sub(%1$s, torch.reshape(labels, torch.size(%1$s))), 2)", outputs);
        out.effect("torch.copy_(seen, torch.reshape(torch.mean(torch.mul(%1$s, %1$s), [2]), [-1]))", error);
        String gradient = out.value("torch.mul_(torch.mul(%1$s, share), torch.div(2., torch.size(%1$s, 2)))", error);
        return out.value("torch.reshape(%s, torch.size(%s))", gradient, outputs);
    }

    /** The rule's lines, which know vectors, for each parameter with one row a client. */
    private void move() {
        for (int i = 0; i < parameters.size(); i++) {
            bind(i);
            rule.before().forEach(out::step);
        }
        rule.clip().ifPresent(this::clip);
        for (int i = 0; i < parameters.size(); i++) {
            bind(i);
            rule.after().forEach(out::step);
        }
    }

    private void bind(int parameter) {
        out.step("trainable = %s", rows("w", parameter));
        out.step("gradient = %s", rows("gradients", parameter));
        out.step("received = %s", ofClients("anchored", parameter));
        if (rule.corrects()) {
            out.step("correction = %s", ofClients("corrected_by", parameter));
        }
        List<String> states = new ArrayList<>();
        for (int i = 0; i < rule.stateVectors(); i++) {
            states.add(rows("states[" + i + "]", parameter));
        }
        if (!states.isEmpty()) {
            out.step("state = [%s]", String.join(", ", states));
        }
    }

    /** A parameter's columns of a matrix with a row for each client, (active, elements). */
    private String ofClients(String matrix, int parameter) {
        ParameterView view = parameters.get(parameter);
        return String.format(
                Locale.ROOT,
                "torch.narrow(torch.narrow(%s, 1, %d, %d), 0, 0, active)",
                matrix,
                view.offset(),
                view.size());
    }

    /** A parameter as (active, elements). */
    private String rows(String vector, int parameter) {
        ParameterView view = parameters.get(parameter);
        return String.format(
                Locale.ROOT,
                "torch.view(torch.narrow(%1$s, 0, torch.mul(k, %2$d), torch.mul(active, %3$d)), [active, %3$d])",
                vector,
                view.offset(),
                view.size());
    }

    private void clip(double bound) {
        for (int i = 0; i < parameters.size(); i++) {
            bind(i);
            String square = "torch.square(torch.linalg_vector_norm(gradient, 2, [1], True, dtype=7))";
            out.step(i == 0 ? "squares = " + square : "squared = torch.add_(squares, " + square + ")");
        }
        out.step("shorter = torch.clamp_max(torch.mul(torch.reciprocal(torch.sqrt(squares)), %s), 1.)", literal(bound));
        for (int i = 0; i < parameters.size(); i++) {
            bind(i);
            out.effect("torch.mul_(gradient, shorter)");
        }
    }

    private String assemble() {
        StringBuilder program = new StringBuilder(HEAD);
        program.append("    keep = torch.sub(1., torch.mul(rate, ")
                .append(literal(rule.weightDecay()))
                .append("))\n    gradient = gradients\n");
        for (int i = 0; i < parameters.size(); i++) {
            program.append("    ")
                    .append(whole("begun", "starts", i, "torch.copy_(%s, %s)"))
                    .append('\n');
        }
        out.setup().forEach(line -> program.append("    ").append(line).append('\n'));
        program.append(STEP);
        out.step().forEach(line -> program.append("      ").append(line).append('\n'));
        for (int i = 0; i < parameters.size(); i++) {
            program.append("    ")
                    .append(whole("ended", "model", i, "torch.sub(%s, %s, out=torch.narrow(deltas, 1, %d, %d))"))
                    .append('\n');
        }
        return program.append(END).toString();
    }

    /** A line on a parameter of all clients, (k, elements), and on the same one of another vector or matrix. */
    private String whole(String name, String other, int parameter, String format) {
        ParameterView view = parameters.get(parameter);
        String all = String.format(
                Locale.ROOT,
                "torch.view(torch.narrow(w, 0, torch.mul(k, %1$d), torch.mul(k, %2$d)), [k, %2$d])",
                view.offset(),
                view.size());
        String one = String.format(Locale.ROOT, "torch.narrow(%s, -1, %d, %d)", other, view.offset(), view.size());
        return name + "_" + parameter + " = "
                + String.format(Locale.ROOT, format, all, one, view.offset(), view.size());
    }
}
