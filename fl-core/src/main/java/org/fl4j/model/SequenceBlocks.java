package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

/** The eager path of {@link SequenceLayer}: the reference, through autograd. */
final class SequenceBlocks {
    private static final float EPSILON = 1e-5f;
    private static final double BASE = 10_000; // of rotary positions

    private SequenceBlocks() {}

    static Block lastPosition() {
        return LambdaBlock.singleton(x -> x.get(":, -1"));
    }

    /** A block with one input and one output. */
    private abstract static class Single extends AbstractBlock {
        final Parameter weight(String name) {
            return addParameter(Parameter.builder()
                    .setName(name)
                    .setType(Parameter.Type.WEIGHT)
                    .build());
        }

        final Parameter bias(String name) {
            return addParameter(Parameter.builder()
                    .setName(name)
                    .setType(Parameter.Type.BIAS)
                    .build());
        }

        /** Gives the values of parameters. */
        interface Values {
            NDArray of(Parameter parameter);
        }

        abstract NDArray forward(NDArray x, Values values);

        @Override
        protected NDList forwardInternal(
                ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
            NDArray x = inputs.singletonOrThrow();
            return new NDList(forward(x, parameter -> store.getValue(parameter, x.getDevice(), training)));
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return inputShapes;
        }
    }

    /** A block for each position. */
    static final class EachPosition extends AbstractBlock {
        private final Block block;

        EachPosition(Block block) {
            this.block = addChildBlock("position", block);
        }

        private static Shape rows(Shape shape) {
            return new Shape(shape.get(0) * shape.get(1)).addAll(shape.slice(2));
        }

        private static Shape sequence(Shape input, Shape rows) {
            return input.slice(0, 2).addAll(rows.slice(1));
        }

        @Override
        protected NDList forwardInternal(
                ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
            NDArray x = inputs.singletonOrThrow();
            NDArray y = block.forward(store, new NDList(x.reshape(rows(x.getShape()))), training, params)
                    .singletonOrThrow();
            return new NDList(y.reshape(sequence(x.getShape(), y.getShape())));
        }

        @Override
        public void initializeChildBlocks(NDManager manager, ai.djl.ndarray.types.DataType type, Shape... inputShapes) {
            block.initialize(manager, type, rows(inputShapes[0]));
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            Shape[] rows = block.getOutputShapes(new Shape[] {rows(inputShapes[0])});
            return new Shape[] {sequence(inputShapes[0], rows[0])};
        }
    }

    /** A learned vector for each position. */
    static final class Positions extends Single {
        private final Parameter table = weight("weight");

        @Override
        protected void prepare(Shape[] inputShapes) {
            table.setShape(inputShapes[0].slice(1));
        }

        @Override
        NDArray forward(NDArray x, Values values) {
            return x.add(values.of(table).expandDims(0));
        }
    }

    /** LSTM with four gates, GRU with three. */
    static final class Recurrent extends Single {
        private final int units;
        private final int gates;
        private final Parameter ofInput = weight("weight_ih");
        private final Parameter ofState = weight("weight_hh");
        private final Parameter inputBias = bias("bias_ih");
        private final Parameter stateBias = bias("bias_hh");

        Recurrent(int units, int gates) {
            this.units = units;
            this.gates = gates;
        }

        @Override
        protected void prepare(Shape[] inputShapes) {
            long rows = (long) gates * units;
            ofInput.setShape(new Shape(rows, inputShapes[0].get(2)));
            ofState.setShape(new Shape(rows, units));
            inputBias.setShape(new Shape(rows));
            stateBias.setShape(new Shape(rows));
        }

        @Override
        NDArray forward(NDArray x, Values values) {
            NDArray zeros =
                    x.getManager().zeros(new Shape(1, x.getShape().get(0), units), x.getDataType(), x.getDevice());
            NDList parameters =
                    new NDList(values.of(ofInput), values.of(ofState), values.of(inputBias), values.of(stateBias));
            NDList states = gates == 4
                    ? x.getNDArrayInternal()
                            .lstm(x, new NDList(zeros, zeros), parameters, true, 1, 0, true, false, true)
                    : x.getNDArrayInternal().gru(x, zeros, parameters, true, 1, 0, true, false, true);
            return states.get(0);
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return new Shape[] {inputShapes[0].slice(0, 2).add(units)};
        }
    }

    /** Self-attention, step by step. */
    static final class Attention extends Single {
        private final SequenceLayer.SelfAttention layer;
        private final Parameter ofInput = weight("in_proj_weight");
        private final Parameter inputBias = bias("in_proj_bias");
        private final Parameter ofOutput = weight("out_proj_weight");
        private final Parameter outputBias = bias("out_proj_bias");

        Attention(SequenceLayer.SelfAttention layer) {
            this.layer = layer;
        }

        @Override
        protected void prepare(Shape[] inputShapes) {
            long features = inputShapes[0].get(2);
            ofInput.setShape(new Shape(3 * features, features));
            inputBias.setShape(new Shape(3 * features));
            ofOutput.setShape(new Shape(features, features));
            outputBias.setShape(new Shape(features));
        }

        @Override
        NDArray forward(NDArray x, Values values) {
            long count = x.getShape().get(0);
            long positions = x.getShape().get(1);
            long features = x.getShape().get(2);
            long size = features / layer.heads();
            NDArray all = x.reshape(-1, features)
                    .matMul(values.of(ofInput).transpose())
                    .add(values.of(inputBias))
                    .reshape(count, positions, 3, layer.heads(), size)
                    .transpose(2, 0, 3, 1, 4);
            NDArray queries = rotated(all.get(0));
            NDArray keys = rotated(all.get(1));
            NDArray scores = queries.matMul(keys.transpose(0, 1, 3, 2)).mul(1 / Math.sqrt((double) size));
            if (layer.causal()) {
                scores = scores.add(later(x.getManager(), positions).toDevice(x.getDevice(), false));
            }
            return scores.softmax(-1)
                    .matMul(all.get(2))
                    .transpose(0, 2, 1, 3)
                    .reshape(-1, features)
                    .matMul(values.of(ofOutput).transpose())
                    .add(values.of(outputBias))
                    .reshape(x.getShape());
        }

        private static NDArray later(NDManager manager, long positions) {
            int side = Math.toIntExact(positions);
            float[] mask = new float[side * side];
            for (int row = 0; row < side; row++) {
                for (int column = row + 1; column < side; column++) {
                    mask[row * side + column] = Float.NEGATIVE_INFINITY;
                }
            }
            return manager.create(mask, new Shape(side, side));
        }

        private NDArray rotated(NDArray x) {
            if (!layer.rotary()) {
                return x;
            }
            int positions = Math.toIntExact(x.getShape().get(2));
            int half = Math.toIntExact(x.getShape().get(3)) / 2;
            float[] cosines = new float[positions * half];
            float[] sines = new float[positions * half];
            for (int i = 0; i < cosines.length; i++) {
                int position = i / half;
                double angle = position * Math.pow(BASE, -(double) (i % half) / half);
                cosines[i] = (float) Math.cos(angle);
                sines[i] = (float) Math.sin(angle);
            }
            Shape shape = new Shape(positions, half);
            NDArray cosine = x.getManager().create(cosines, shape).toDevice(x.getDevice(), false);
            NDArray sine = x.getManager().create(sines, shape).toDevice(x.getDevice(), false);
            NDArray first = x.get("..., :" + half);
            NDArray second = x.get("..., " + half + ":");
            return first.mul(cosine)
                    .sub(second.mul(sine))
                    .concat(second.mul(cosine).add(first.mul(sine)), -1);
        }
    }

    /** Root mean square normalisation. */
    static final class RootMeanSquare extends Single {
        private final Parameter scale = addParameter(Parameter.builder()
                .setName("gamma")
                .setType(Parameter.Type.GAMMA)
                .build());

        @Override
        protected void prepare(Shape[] inputShapes) {
            scale.setShape(new Shape(inputShapes[0].getLastDimension()));
        }

        @Override
        NDArray forward(NDArray x, Values values) {
            NDArray square = x.square().mean(new int[] {x.getShape().dimension() - 1}, true);
            return x.div(square.add(EPSILON).sqrt()).mul(values.of(scale));
        }
    }

    /** The gated feed-forward layer. */
    static final class Gated extends Single {
        private final int hidden;
        private final Parameter gates = weight("gate_up_weight");
        private final Parameter down = weight("down_weight");

        Gated(int hidden) {
            this.hidden = hidden;
        }

        @Override
        protected void prepare(Shape[] inputShapes) {
            long features = inputShapes[0].get(1);
            gates.setShape(new Shape(2L * hidden, features));
            down.setShape(new Shape(features, hidden));
        }

        @Override
        NDArray forward(NDArray x, Values values) {
            NDArray both = x.matMul(values.of(gates).transpose());
            NDArray gate = both.get(":, :" + hidden);
            NDArray silu = gate.mul(Activation.sigmoid(gate));
            return silu.mul(both.get(":, " + hidden + ":"))
                    .matMul(values.of(down).transpose());
        }
    }
}
