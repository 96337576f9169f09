package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.fl4j.internal.Check;

/** Group normalisation, which DJL does not have. */
final class GroupNormBlock extends AbstractBlock {
    private static final float EPSILON = 1e-5f;

    private final int groups;
    private final Parameter gamma;
    private final Parameter beta;

    GroupNormBlock(int groups) {
        this.groups = groups;
        gamma = addParameter(Parameter.builder()
                .setName("gamma")
                .setType(Parameter.Type.GAMMA)
                .build());
        beta = addParameter(
                Parameter.builder().setName("beta").setType(Parameter.Type.BETA).build());
    }

    @Override
    protected void prepare(Shape[] inputShapes) {
        long channels = inputShapes[0].get(1);
        Check.that(channels % groups == 0, "groups", "a divisor of the " + channels + " channels", groups);
        gamma.setShape(new Shape(channels));
        beta.setShape(new Shape(channels));
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        NDArray input = inputs.singletonOrThrow();
        Shape shape = input.getShape();
        NDArray grouped = input.reshape(shape.get(0), groups, -1);
        int[] within = {2};
        NDArray centred = grouped.sub(grouped.mean(within, true));
        NDArray variance = centred.square().mean(within, true);
        NDArray normal = centred.div(variance.add(EPSILON).sqrt()).reshape(shape);
        Shape perChannel = new Shape(1, shape.get(1), 1, 1);
        NDArray scale = store.getValue(gamma, input.getDevice(), training).reshape(perChannel);
        NDArray shift = store.getValue(beta, input.getDevice(), training).reshape(perChannel);
        return new NDList(normal.mul(scale).add(shift));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return inputShapes;
    }
}
