package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;

/** Steps of adaptive server optimizers (Reddi et al. 2021, arXiv 2003.00295, algorithm 2), on all threads of a run. */
public final class ServerSteps {
    /** Blocks of a step that a thread takes at a time. */
    private static final long BLOCKS_OF_PART = 4;

    private ServerSteps() {}

    /**
     * Adam's step on a delta d, reading old w, m and v and writing new ones: {@code m = beta1 m + (1 - beta1) d};
     * {@code v = beta2 v + (1 - beta2) d^2}; {@code w += rate m / (sqrt(v) + epsilon)}. In blocks that stay in the
     * cache, so that memory is passed over once.
     *
     * @param next receives w, m and v
     * @param now w, m and v
     * @param delta of the same shape
     * @param numbers rate, epsilon, beta1 and beta2
     */
    public static void adam(NDList next, NDList now, NDArray delta, double... numbers) {
        inParts(next, now, delta, (nextPart, nowPart, deltaPart, scratch) -> {
            NDList slot =
                    new NDList(deltaPart); // libtorch would drop, as dead code, a fused step on the program's own lists
            Kernels.Program.SCRIPT.run(
                    "adam_step", nextPart, nowPart, deltaPart, scratch, numbers, slot, slot, slot, slot);
        });
    }

    /** The same with Yogi's {@code v = v - (1 - beta2) d^2 sign(v - d^2)}. */
    public static void yogi(NDList next, NDList now, NDArray delta, double... numbers) {
        blockwise("yogi_step", next, now, delta, numbers);
    }

    /** The same with AdaGrad's {@code v = v + d^2}; there is no beta2. */
    public static void adagrad(NDList next, NDList now, NDArray delta, double... numbers) {
        blockwise("adagrad_step", next, now, delta, numbers);
    }

    private static void blockwise(String method, NDList next, NDList now, NDArray delta, double... numbers) {
        inParts(
                next,
                now,
                delta,
                (nextPart, nowPart, deltaPart, scratch) ->
                        Kernels.Program.SCRIPT.run(method, nextPart, nowPart, deltaPart, scratch, numbers));
    }

    /** A server's step on a part of its vectors. */
    @FunctionalInterface
    private interface StepPart {
        void step(NDList next, NDList now, NDArray delta, NDArray scratch);
    }

    /** Takes a step on whole blocks at a time, so that bits do not depend on how many parts there are. */
    private static void inParts(NDList next, NDList now, NDArray delta, StepPart body) {
        long size = delta.size();
        long length = BLOCKS_OF_PART * Kernels.BLOCK;
        Parallel.forEach(Math.toIntExact((size + length - 1) / length), delta.getDevice(), (part, thread) -> {
            long from = part * length;
            long some = Math.min(length, size - from);
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                NDArray deltaPart = Kernels.narrow(delta, from, some);
                body.step(narrow(next, from, some), narrow(now, from, some), deltaPart, scratch(deltaPart));
            }
        });
    }

    private static NDList narrow(NDList arrays, long from, long length) {
        return new NDList(arrays.stream()
                .map(array -> Kernels.narrow(array, from, length))
                .toArray(NDArray[]::new));
    }

    private static NDArray scratch(NDArray delta) {
        return delta.getManager().create(new Shape(Math.min(Kernels.BLOCK, delta.size())));
    }
}
