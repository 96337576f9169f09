package org.fl4j.model;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterRole;

/**
 * A DJL block that does not train: its parameters are {@link ParameterRole#FROZEN}, and it always runs in inference
 * mode, so that normalisation layers in it go by their running statistics and leave them as they are. Gradients pass
 * through it. Values that are there, such as pre-trained ones, stay; others are drawn from the seed.
 */
public final class FrozenBlock extends AbstractBlock {
    private final Block block;
    private final long seed;

    /** Freezes a block, of which values that are missing are drawn from a seed. */
    public FrozenBlock(Block block, long seed) {
        this.block = addChildBlock("frozen", Check.present("block", block));
        this.seed = seed;
        block.freezeParameters(true);
    }

    /** Freezes a block; values that are missing are drawn from the seed 0. */
    public FrozenBlock(Block block) {
        this(block, 0);
    }

    long seed() {
        return seed;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        return block.forward(store, inputs, /* training= */ false, params);
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        block.initialize(manager, type, inputShapes);
        block.freezeParameters(true); // also those that were not there before
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return block.getOutputShapes(inputShapes);
    }
}
