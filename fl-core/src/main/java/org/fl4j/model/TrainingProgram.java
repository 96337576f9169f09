package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.tensor.Tensors;
import org.fl4j.tensor.TorchScript;

/**
 * A client's whole local training as one generated TorchScript program: batches, forward pass, backward pass derived by
 * hand, optimizer step in place. One native call replaces about sixty a step. Results agree with the eager path but for
 * rounding. Stateless; any number of threads may run it.
 */
public final class TrainingProgram {
    /** Dropout masks made at a time: bounds the memory that a long local training needs for them. */
    private static final long LARGEST_MASK = 4_000_000;

    private final TorchScript script;
    private final StepRule rule;
    private final List<DropoutMask> masks;

    /**
     * How parameters move, as lines of TorchScript that see {@code trainable}, {@code received}, {@code correction},
     * {@code gradient} (flat vectors), {@code state} (a list of them), {@code rate} and {@code taken} (steps before
     * this one).
     *
     * @param descends whether it is plain SGD, which is fused into the backward pass; then there are no lines
     * @param weightDecay of plain SGD
     * @param lines of any other rule
     * @param stateVectors how many vectors of state it needs, zeros at first
     */
    public record StepRule(boolean descends, double weightDecay, List<String> lines, int stateVectors) {
        /** Copies the lines. */
        public StepRule {
            lines = List.copyOf(lines);
        }
    }

    /**
     * One local training.
     *
     * @param model the parameters, changed in place
     * @param received the trainable parameters received
     * @param correction what a rule may add to gradients, of the same shape; not read by a rule that does not
     * @param examples what {@code rows} counts in
     * @param rows which example is used when: int64, one after another; may be longer than what is used
     * @param losses float32, at least as long as what is used of {@code rows}: receives each example's loss
     * @param rate the learning rate
     */
    public record Run(
            LocalModel model,
            NDArray received,
            NDArray correction,
            Examples examples,
            NDArray rows,
            NDArray losses,
            double rate) {}

    private record DropoutMask(Shape example, double rate) {
        long size() {
            return example.size();
        }
    }

    private TrainingProgram(TorchScript script, StepRule rule, List<DropoutMask> masks) {
        this.script = script;
        this.rule = rule;
        this.masks = masks;
    }

    /** Writes and compiles the program, if the model is a {@link Network} whose layers have compiled forms, with a loss
     * that a program can express and no dropout inside a residual layer. */
    static Optional<TrainingProgram> of(FederatedModel model, StepRule rule) {
        LearningTask task = model.task();
        if (!(task.architecture() instanceof Network network)
                || hasNestedDropout(network.layers())
                || !(task.loss() instanceof ExampleMeasure.CrossEntropy
                        || task.loss() instanceof ExampleMeasure.SquaredError)) {
            return Optional.empty();
        }
        return source(model, network, rule)
                .map(source -> new TrainingProgram(
                        TorchScript.compile(model.manager(), source),
                        rule,
                        masks(network.layers(), task.inputShape())));
    }

    /** Masks are counted over the layers in a row only. */
    private static boolean hasNestedDropout(List<Layer> layers) {
        return layers.stream()
                .filter(Layer.Residual.class::isInstance)
                .map(Layer.Residual.class::cast)
                .flatMap(residual -> Stream.of(residual.body(), residual.shortcut()))
                .anyMatch(path -> path.stream().anyMatch(Layer.Dropout.class::isInstance) || hasNestedDropout(path));
    }

    private static Optional<String> source(FederatedModel model, Network network, StepRule rule) {
        ProgramWriter out = new ProgramWriter();
        GradientSink sink =
                rule.descends() ? new GradientSink.Descent(out, rule.weightDecay() > 0) : new GradientSink.Collect(out);
        Optional<LayerPass> pass =
                new LayerWriter(model.layout(), out, sink).sequence(network.layers(), "features", /* above= */ false);
        if (pass.isEmpty()) {
            return Optional.empty();
        }
        String gradient = model.task().loss() instanceof ExampleMeasure.CrossEntropy
                ? crossEntropy(out, pass.get().output())
                : squaredError(out, pass.get().output());
        pass.get().backward().write(gradient);
        rule.lines().forEach(out::step);
        return Optional.of(assemble(model, rule, out, sink));
    }

    private static String assemble(FederatedModel model, StepRule rule, ProgramWriter out, GradientSink sink) {
        StringBuilder program = new StringBuilder("""
                  def train(self: __torch__.Program, w: Tensor, received: Tensor, correction: Tensor, gradient: Tensor, state: List[Tensor], frozen: List[Tensor], x: Tensor, y: Tensor, rows: Tensor, starts: List[int], masks: List[Tensor], losses: Tensor, before: int, rate: float) -> List[float]:
                    descent = torch.neg(rate)
                    first = starts[0]
                """);
        program.append("    keep = torch.sub(1., torch.mul(rate, ")
                .append(literal(rule.weightDecay()))
                .append("))\n    trainable = torch.narrow(w, 0, 0, ")
                .append(model.layout().trainableCount())
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

    private static String crossEntropy(ProgramWriter out, String logits) {
        String logs = out.value("torch.log_softmax(%s, 1, None)", logits);
        String both = out.value("torch.nll_loss_forward(%s, labels, None, 0, -100)", logs);
        out.effect("torch.copy_(torch.narrow(losses, 0, a, count), (%s)[0])", both);
        String share = out.value("torch.full_like((%s)[0], torch.div(1., float(count)))", both);
        String back = out.value("torch.nll_loss_backward(%s, %s, labels, None, 0, -100, (%s)[1])", share, logs, both);
        return out.value("torch._log_softmax_backward_data(%s, %s, 1, 6)", back, logs);
    }

    private static String squaredError(ProgramWriter out, String outputs) {
        String error = out.value("torch.sub(%1$s, torch.reshape(labels, torch.size(%1$s)))", outputs);
        String square = out.value("torch.reshape(torch.mul(%1$s, %1$s), [count, -1])", error);
        out.effect("torch.copy_(torch.narrow(losses, 0, a, count), torch.mean(%s, [1]))", square);
        return out.value("torch.mul(%1$s, torch.div(2., float(torch.numel(%1$s))))", error);
    }

    /** Returns a number as TorchScript reads it. */
    static String literal(double number) {
        return String.valueOf(number).replace('E', 'e');
    }

    /** The size and rate of each dropout layer's mask for one example, in the order of the forward pass. */
    private static List<DropoutMask> masks(List<Layer> layers, Shape inputShape) {
        List<DropoutMask> masks = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            if (layers.get(i) instanceof Layer.Dropout dropout && dropout.rate() > 0) {
                List<Layer> before = layers.subList(0, i);
                Shape shape = LayerShapes.trace(before, inputShape, LayerShapes.inputType(layers))
                        .shape();
                masks.add(new DropoutMask(shape, dropout.rate()));
            }
        }
        return masks;
    }

    /**
     * Trains; arrays that are made on the way belong to the open scope.
     *
     * @param run what on
     * @param starts where each step's rows begin in the run's rows, and where those of the last step end
     * @return the sum of all losses, and of their squares
     */
    public double[] run(Run run, long... starts) {
        NDArray trainable = run.received();
        NDList state = new NDList();
        for (int i = 0; i < rule.stateVectors(); i++) {
            state.add(trainable.zerosLike());
        }
        NDArray gradient = rule.descends() ? trainable : trainable.zerosLike();
        double[] sums = {0, 0};
        int steps = starts.length - 1;
        int chunk = stepsAtOnce(starts);
        for (int from = 0; from < steps; from += chunk) {
            long[] some = Arrays.copyOfRange(starts, from, Math.min(from + chunk, steps) + 1);
            NDList drawn = draw(run.model(), some);
            double[] part = script.numbers(
                    "train",
                    run.model().parameters().floats(),
                    trainable,
                    run.correction(),
                    gradient,
                    state,
                    run.model().frozen(),
                    run.examples().features(),
                    run.examples().labels(),
                    run.rows(),
                    some,
                    drawn,
                    run.losses(),
                    from,
                    run.rate());
            drawn.close();
            sums[0] += part[0];
            sums[1] += part[1];
        }
        return sums;
    }

    private int stepsAtOnce(long[] starts) {
        if (masks.isEmpty()) {
            return starts.length;
        }
        long perExample = masks.stream().mapToLong(DropoutMask::size).sum();
        long perStep = perExample * Math.max(1, starts[1] - starts[0]);
        return (int) Math.max(1, LARGEST_MASK / perStep);
    }

    /** Draws the masks of some steps in the order in which the eager path draws them. */
    private NDList draw(LocalModel model, long[] starts) {
        if (masks.isEmpty()) {
            return new NDList();
        }
        int rows = (int) (starts[starts.length - 1] - starts[0]);
        List<float[]> values = new ArrayList<>();
        masks.forEach(mask -> values.add(new float[Math.toIntExact(rows * mask.size())]));
        RandomGenerator random = model.dropoutGenerator();
        for (int s = 0; s + 1 < starts.length; s++) {
            for (int m = 0; m < masks.size(); m++) {
                long size = masks.get(m).size();
                int from = (int) ((starts[s] - starts[0]) * size);
                int to = (int) ((starts[s + 1] - starts[0]) * size);
                LocalModel.fillDropoutMask(values.get(m), from, to, masks.get(m).rate(), random);
            }
        }
        NDList drawn = new NDList();
        for (int m = 0; m < masks.size(); m++) {
            Shape shape = new Shape(rows).addAll(masks.get(m).example());
            drawn.add(Tensors.create(model.manager(), values.get(m), shape));
        }
        return drawn;
    }
}
