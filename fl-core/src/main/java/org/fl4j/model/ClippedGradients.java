package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Optional;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.tensor.Tensors;
import org.fl4j.tensor.internal.ClippedSource;
import org.fl4j.tensor.internal.TorchScript;

/**
 * The sum of the gradients of single examples, each clipped to a Euclidean norm, as one generated TorchScript program.
 * No example's gradient is computed by itself: the norms follow from what layers read and from the gradients at what
 * they wrote, and the clipped sum is then one gradient of the batch. Stateless; any number of threads may run it.
 */
public final class ClippedGradients {
    private static final int MOST_ROWS = 128; // at a time: bounds memory

    private final TorchScript script;
    private final DropoutMasks masks;

    /**
     * What some examples came to, before clipping.
     *
     * @param losses of each example
     * @param norms of each example's gradient; NaN or infinite where it is not finite: such an example counts as none
     */
    @SuppressWarnings("ArrayRecordComponent") // read once, by whoever asked
    public record Result(float[] losses, float[] norms) {}

    /**
     * What becomes of each example's gradient.
     *
     * @param bound the largest Euclidean norm, positive; longer gradients are scaled down to it
     * @param factor what all are multiplied by then
     */
    public record Clip(double bound, double factor) {
        /** Checks both. */
        public Clip {
            Check.positive("bound", bound);
            Check.finite("factor", factor);
        }
    }

    private ClippedGradients(TorchScript script, DropoutMasks masks) {
        this.script = script;
        this.masks = masks;
    }

    /**
     * Writes and compiles the program, if the model is a {@link Network} of layers that keep examples apart, with a
     * loss that a program can express and no dropout inside a residual layer.
     */
    static Optional<ClippedGradients> of(FederatedModel model) {
        LearningTask task = model.task();
        if (!(task.architecture() instanceof Network network)
                || !network.layers().stream().allMatch(Layer::keepsExamplesApart)
                || DropoutMasks.areNested(network.layers())
                || TrainingProgram.loss(task).isEmpty()) {
            return Optional.empty();
        }
        return new ClippedSource(TrainingProgram.views(model.layout()))
                .write(
                        out -> Layer.sequence(network.layers(), out, "features", /* above= */ false),
                        TrainingProgram.loss(task).get())
                .map(source -> new ClippedGradients(
                        TorchScript.compile(model.manager(), source),
                        DropoutMasks.of(network.layers(), task.inputShape())));
    }

    /**
     * Adds the clipped gradients of some examples at the local parameters, in training mode, times a factor.
     *
     * @param model the local parameters
     * @param examples what the rows count in
     * @param rows which of them, each as often as it is named
     * @param clip the largest norm of an example's gradient, and the factor
     * @param sum float32, shape (trainableCount)
     */
    public Result add(LocalModel model, Examples examples, int[] rows, Clip clip, NDArray sum) {
        float[] losses = new float[rows.length];
        float[] norms = new float[rows.length];
        for (int from = 0; from < rows.length; from += MOST_ROWS) {
            int count = Math.min(MOST_ROWS, rows.length - from);
            NDList drawn = masks.draw(model, 0, count);
            NDArray told = model.manager().create(new Shape(2L * count));
            script.run(
                    "clipped",
                    model.parameters().floats(),
                    sum,
                    model.frozen(),
                    examples.features(),
                    examples.labels(),
                    Tensors.indices(model.manager(), Arrays.copyOfRange(rows, from, from + count))
                            .toDevice(model.device(), /* copy= */ false),
                    drawn,
                    told,
                    clip.bound(),
                    clip.factor());
            drawn.close();
            float[] values = told.toFloatArray();
            told.close();
            System.arraycopy(values, 0, losses, from, count);
            System.arraycopy(values, count, norms, from, count);
        }
        return new Result(losses, norms);
    }
}
