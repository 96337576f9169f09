package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.internal.BlockSource;
import org.fl4j.tensor.internal.Loss;
import org.fl4j.tensor.internal.StepRule;
import org.fl4j.tensor.internal.TorchScript;

/**
 * The local training of a block of clients as one generated TorchScript program: each operation works on all of them at
 * once, so that small models do not spend their time on calls. Results agree with those of {@link TrainingProgram} but
 * for rounding. A client's bits follow from its block: from which clients are in it and how many examples each of them
 * has. Stateless; any number of threads may run it.
 */
public final class BlockProgram {
    private final TorchScript script;
    private final StepRule rule;

    /**
     * What a block trained to. Its array is valid until the worker trains the next block.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param deltas local minus received parameters: float32, shape (clients, parameters)
     * @param losses of each row of the steps, before the step
     * @param sums of each client's delta: finite if the delta is, unless it overflows
     */
    @SuppressWarnings("ArrayRecordComponent") // read once, by whoever had the block train
    public record Result(NDArray deltas, float[] losses, float[] sums) {}

    /**
     * What clients have of their own, beside examples. Lists are empty, or have an element for each client in the order
     * of the steps, float32 of shape (parameters).
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param received the model that all clients received: float32, shape (parameters)
     * @param starts the parameters that they begin with; if empty, the received ones
     * @param anchors what a proximal term pulls to; if empty, the received parameters
     * @param corrections what a rule that corrects adds to each gradient
     */
    public record Vectors(NDArray received, List<NDArray> starts, List<NDArray> anchors, List<NDArray> corrections) {
        /** Copies the lists. */
        public Vectors {
            starts = List.copyOf(starts);
            anchors = List.copyOf(anchors);
            corrections = List.copyOf(corrections);
        }
    }

    private BlockProgram(TorchScript script, StepRule rule) {
        this.script = script;
        this.rule = rule;
    }

    /**
     * Returns why clients of a task cannot train in blocks; nothing if they can.
     *
     * @param task what is learned
     */
    public static Optional<String> fault(LearningTask task) {
        if (!(task.architecture() instanceof Network network)) {
            return Optional.of("the architecture is not a Network of layers");
        }
        Optional<Layer> other = network.layers().stream()
                .filter(layer -> !layer.trainsInBlocks())
                .findFirst();
        if (other.isPresent()) {
            return Optional.of("layer " + other.get() + " has no form for several clients");
        }
        boolean known = TrainingProgram.loss(task)
                .filter(loss -> loss != Loss.TOKEN_CROSS_ENTROPY)
                .isPresent();
        return known ? Optional.empty() : Optional.of("the loss is neither cross-entropy nor the squared error");
    }

    /** Writes and compiles the program, if there is no {@link #fault}. */
    static Optional<BlockProgram> of(FederatedModel model, StepRule rule) {
        LearningTask task = model.task();
        if (fault(task).isPresent()) {
            return Optional.empty();
        }
        Check.that(
                model.layout().parameters().stream().allMatch(entry -> entry.role() == ParameterRole.TRAINABLE),
                "parameters of layers that train in blocks",
                "trainable",
                model.layout());
        Network network = (Network) task.architecture();
        return new BlockSource(TrainingProgram.views(model.layout()), rule)
                .write(
                        out -> Layer.sequence(network.layers(), out, "features", /* above= */ false),
                        TrainingProgram.loss(task).orElseThrow())
                .map(source -> new BlockProgram(TorchScript.compile(model.manager(), source), rule));
    }

    /**
     * Trains all clients from one model.
     *
     * @param model the worker's, in whose memory the clients train; its parameters stay as they are
     * @param steps which example is used when
     * @param examples what the rows of the steps count in
     * @param vectors what clients begin with, and what their steps read
     * @param rate the learning rate
     */
    public Result run(LocalModel model, BlockSteps steps, Examples examples, Vectors vectors, double rate) {
        long[] example = tail(examples.features());
        BlockMemory memory =
                model.blockMemory(new BlockMemory.Kind(steps.clients(), !rule.descends(), rule.stateVectors()));
        int rows = steps.rows().length;
        script.run(
                "train",
                memory.parameters(),
                vectors.received(),
                memory.rows("starts", vectors.starts(), vectors.received()),
                memory.rows("anchors", vectors.anchors(), vectors.received()),
                memory.rows("corrections", vectors.corrections(), vectors.received()),
                memory.gradients(),
                memory.states(),
                memory.deltas(),
                examples.features(),
                examples.labels(),
                memory.features((long) steps.clients() * steps.batch(), examples.features()),
                model.rowIndices(steps.rows()),
                steps.actives(),
                example,
                tail(examples.labels()),
                memory.shares().fill(steps.shares()),
                memory.losses().tensor(rows),
                memory.sums().tensor(steps.clients()),
                steps.clients(),
                steps.batch(),
                rate);
        return new Result(
                memory.deltas(), memory.losses().read(rows), memory.sums().read(steps.clients()));
    }

    private static long[] tail(NDArray array) {
        return array.getShape().slice(1).getShape();
    }
}
