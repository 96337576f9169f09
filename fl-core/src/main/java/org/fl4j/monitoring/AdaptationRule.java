package org.fl4j.monitoring;

import org.fl4j.internal.Check;

/**
 * What local training does when the machine is busy: smaller batches and fewer steps. After the resource-aware client
 * of a fork of FedScale (Lai et al. 2022, arXiv 2105.11367), whose thresholds are the defaults of {@link #fedscale}.
 *
 * <p>The batch size is halved in a round that begins with too little left, and doubled in one that does not, within
 * limits. The share of local steps goes by the processors alone and begins anew each round.
 *
 * @param cpuAbove the share of processor time above which there is too little left, in [0, 1]
 * @param memoryAbove the share of memory above which there is too little left, in [0, 1]
 * @param availableBelow the bytes of memory below which there is too little left, at least 0
 * @param leastBatch the smallest batch, at least 1
 * @param mostGrowth the largest batch as a multiple of the training's own, at least 1; may be infinite. No batch is
 *     made larger than the largest client's data.
 * @param busyStepsShare the share of its steps that a client takes while the processors are above their threshold, in
 *     (0, 1]; one at least
 */
public record AdaptationRule(
        double cpuAbove,
        double memoryAbove,
        long availableBelow,
        int leastBatch,
        double mostGrowth,
        double busyStepsShare) {
    /**
     * What a round's training is like.
     *
     * @param batchSize examples a step
     * @param stepsShare the share of its steps that a client takes, in (0, 1]
     */
    public record Adaptation(int batchSize, double stepsShare) {}

    /** Checks all. */
    public AdaptationRule {
        Check.that(cpuAbove >= 0 && cpuAbove <= 1, "cpuAbove", "in [0, 1]", cpuAbove);
        Check.that(memoryAbove >= 0 && memoryAbove <= 1, "memoryAbove", "in [0, 1]", memoryAbove);
        Check.that(availableBelow >= 0, "availableBelow", "at least 0", availableBelow);
        Check.positive("leastBatch", leastBatch);
        Check.that(mostGrowth >= 1, "mostGrowth", "at least 1", mostGrowth);
        Check.share("busyStepsShare", busyStepsShare);
    }

    /**
     * Returns the original's: 80 % of processors, 70 % of memory, 2 GiB; batches up to the largest client's data; half
     * of the steps.
     */
    public static AdaptationRule fedscale() {
        return new AdaptationRule(.8, .7, 2L << 30, 1, Double.POSITIVE_INFINITY, .5);
    }

    /**
     * Returns the same, but with batches that never grow beyond the training's own, for larger ones learn differently.
     */
    public static AdaptationRule upToOwnBatch() {
        return new AdaptationRule(.8, .7, 2L << 30, 1, /* mostGrowth= */ 1, .5);
    }

    /**
     * Returns a round's adaptation.
     *
     * @param batchSize of the round before
     * @param ownBatchSize of the training itself
     * @param largestClient the most examples that a client has
     * @param usage when the round begins
     */
    public Adaptation next(int batchSize, int ownBatchSize, int largestClient, ResourceUsage usage) {
        boolean busy = usage.cpu() > cpuAbove;
        boolean tooLittle = busy || usage.memory() > memoryAbove || usage.availableMemoryBytes() < availableBelow;
        double most = Math.min(mostGrowth * ownBatchSize, Math.max(ownBatchSize, largestClient));
        int next = tooLittle ? Math.max(leastBatch, batchSize / 2) : (int) Math.min(most, 2.0 * batchSize);
        return new Adaptation(next, busy ? busyStepsShare : 1);
    }
}
