package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

/** Inverted dropout whose mask comes from the generator of the {@link LocalModel} that runs the block. */
final class DropoutBlock extends AbstractBlock {
    private final double rate;

    DropoutBlock(double rate) {
        this.rate = rate;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        if (!training || rate == 0) {
            return inputs;
        }
        NDArray input = inputs.singletonOrThrow();
        return new NDList(input.mul(DropoutMasks.draw(LocalModel.of(store), input.getShape(), rate)));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return inputShapes;
    }
}
