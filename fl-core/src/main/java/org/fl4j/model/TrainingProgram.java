package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.expression.Expression;
import org.fl4j.expression.Leaf;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.internal.Loss;
import org.fl4j.tensor.internal.LossForm;
import org.fl4j.tensor.internal.ParameterView;
import org.fl4j.tensor.internal.StepRule;
import org.fl4j.tensor.internal.TorchScript;
import org.fl4j.tensor.internal.TrainingSource;

/**
 * A client's whole local training as one generated TorchScript program: batches, forward pass, backward pass derived by
 * hand, optimizer step in place. One native call replaces about sixty a step. Results agree with the eager path but for
 * rounding. Stateless; any number of threads may run it.
 */
public final class TrainingProgram {
    private final TorchScript script;
    private final Key key;
    private final DropoutMasks masks;
    private final List<Leaf> tensors; // that the loss and the term read

    /**
     * One local training.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param model the parameters, changed in place
     * @param received the trainable parameters received
     * @param correction what a rule may add to gradients, of the same shape; not read by a rule that does not
     * @param examples what {@code rows} counts in
     * @param rows which example is used when: int64, one after another; may be longer than what is used
     * @param positions the same, counted in the client's own examples; read only by losses that need tensors
     * @param tensors what a loss of the client's own reads
     * @param losses float32, at least as long as what is used of {@code rows}: receives each example's loss
     * @param rate the learning rate
     */
    public record Inputs(
            LocalModel model,
            NDArray received,
            NDArray correction,
            Examples examples,
            NDArray rows,
            NDArray positions,
            LossTensors tensors,
            NDArray losses,
            double rate) {}

    /**
     * What a program follows from, beside the model.
     *
     * @param rule how parameters move
     * @param loss the client's own loss, if it is not the task's
     * @param term what the client adds to each gradient
     */
    public record Key(StepRule rule, Optional<Expression> loss, Optional<Expression> term) {
        /** Checks that a rule that moves parameters along with the backward pass is not to add anything before. */
        public Key {
            Check.that(!rule.descends() || term.isEmpty(), "rule", "one with a gradient where a term is added", rule);
        }

        private List<Leaf> tensors() {
            return ExpressionLoss.tensors(Stream.concat(loss.stream(), term.stream()));
        }
    }

    private TrainingProgram(TorchScript script, Key key, DropoutMasks masks) {
        this.script = script;
        this.key = key;
        this.masks = masks;
        tensors = key.tensors();
    }

    /** Writes and compiles the program, if the model is a {@link Network} whose layers have compiled forms, with a loss
     * that a program can express and no dropout inside another layer. */
    static Optional<TrainingProgram> of(FederatedModel model, Key key, boolean onCpu) {
        LearningTask task = model.task();
        List<Leaf> tensors = key.tensors();
        Optional<? extends LossForm> loss =
                key.loss().isPresent() ? key.loss().map(own -> new ExpressionLoss(own, tensors)) : loss(task);
        if (!(task.architecture() instanceof Network network)
                || DropoutMasks.areNested(network.layers())
                || loss.isEmpty()) {
            return Optional.empty();
        }
        TrainingSource program = new TrainingSource(views(model.layout()), key.rule());
        return (onCpu ? program.forCpu() : program)
                .write(
                        out -> Layer.sequence(network.layers(), out, "features", /* above= */ false),
                        loss.get(),
                        key.term().map(own -> new GradientTerm(own, tensors)))
                .map(source -> new TrainingProgram(
                        TorchScript.compile(model.manager(), source),
                        key,
                        DropoutMasks.of(network.layers(), task.inputShape())));
    }

    /** Returns the task's loss as programs know it; nothing if they do not. */
    static Optional<Loss> loss(LearningTask task) {
        if (task.loss() instanceof ExampleMeasure.CrossEntropy) {
            return Optional.of(Loss.CROSS_ENTROPY);
        }
        if (task.loss() instanceof ExampleMeasure.TokenCrossEntropy) {
            return Optional.of(Loss.TOKEN_CROSS_ENTROPY);
        }
        return task.loss() instanceof ExampleMeasure.SquaredError ? Optional.of(Loss.SQUARED_ERROR) : Optional.empty();
    }

    static List<ParameterView> views(ParameterLayout layout) {
        return layout.parameters().stream()
                .filter(entry -> entry.role() == ParameterRole.TRAINABLE || entry.role() == ParameterRole.FLOAT_BUFFER)
                .map(entry -> new ParameterView(
                        entry.offset(), entry.size(), entry.shape(), entry.role() == ParameterRole.TRAINABLE))
                .toList();
    }

    /**
     * Trains; arrays that are made on the way belong to the open scope.
     *
     * @param run what on
     * @param starts where each step's rows begin in the run's rows, and where those of the last step end
     * @return the sum of all losses, and of their squares
     */
    public double[] run(Inputs run, long... starts) {
        NDArray trainable = run.received();
        NDArray gradient = key.rule().descends() ? trainable : trainable.zerosLike();
        return run(run, gradient, starts);
    }

    /**
     * Computes the gradient of one step; the program's rule must be {@link StepRule#gradient}.
     *
     * @param run what on; receives the losses of the step's examples
     * @param gradient float32, shape (trainableCount): receives the gradient of the mean loss
     * @param from where the step's rows begin in the run's rows
     * @param to where they end
     */
    public void gradient(Inputs run, NDArray gradient, long from, long to) {
        run(run, gradient, from, to);
    }

    private double[] run(Inputs run, NDArray gradient, long... starts) {
        NDArray trainable = run.received();
        NDList state = new NDList();
        for (int i = 0; i < key.rule().stateVectors(); i++) {
            state.add(trainable.zerosLike());
        }
        run.model().forgetOutputs();
        NDList given = run.tensors().inOrder(tensors);
        double[] sums = {0, 0};
        int steps = starts.length - 1;
        int chunk = masks.stepsAtOnce(starts);
        for (int from = 0; from < steps; from += chunk) {
            long[] some = Arrays.copyOfRange(starts, from, Math.min(from + chunk, steps) + 1);
            NDList drawn = masks.draw(run.model(), some);
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
                    run.positions(),
                    given,
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
}
