package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

/**
 * Batch normalisation over all but the channels. It differs from DJL's in one case: a batch with a single value for
 * each channel has no variance, so it is normalised by the running statistics, which it leaves as they are.
 */
final class BatchNormBlock extends AbstractBlock {
    private static final float EPSILON = 1e-5f;
    private static final float MOMENTUM = .9f;

    private final Parameter gamma = add("gamma", Parameter.Type.GAMMA, true);
    private final Parameter beta = add("beta", Parameter.Type.BETA, true);
    private final Parameter runningMean = add("runningMean", Parameter.Type.RUNNING_MEAN, false);
    private final Parameter runningVar = add("runningVar", Parameter.Type.RUNNING_VAR, false);

    private Parameter add(String name, Parameter.Type type, boolean trained) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(type)
                .optRequiresGrad(trained)
                .build());
    }

    @Override
    protected void prepare(Shape[] inputShapes) {
        Shape channels = new Shape(inputShapes[0].get(1));
        gamma.setShape(channels);
        beta.setShape(channels);
        runningMean.setShape(channels);
        runningVar.setShape(channels);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        NDArray input = inputs.singletonOrThrow();
        boolean single = input.size() == input.getShape().get(1);
        return BatchNorm.batchNorm(
                input,
                store.getValue(runningMean, input.getDevice(), training),
                store.getValue(runningVar, input.getDevice(), training),
                store.getValue(gamma, input.getDevice(), training),
                store.getValue(beta, input.getDevice(), training),
                1,
                MOMENTUM,
                EPSILON,
                training && !single);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return inputShapes;
    }
}
