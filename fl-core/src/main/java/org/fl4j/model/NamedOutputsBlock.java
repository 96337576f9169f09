package org.fl4j.model;

import ai.djl.ndarray.NDList;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;
import org.fl4j.internal.Check;

/** Layers in a row, some of whose outputs the {@link LocalModel} that runs them keeps by name. */
final class NamedOutputsBlock extends SequentialBlock {
    private final List<Layer> layers;

    NamedOutputsBlock(List<Layer> layers) {
        this.layers = layers;
        layers.forEach(layer -> add(layer.toBlock()));
        List<String> names = names(layers);
        Check.that(names.stream().distinct().count() == names.size(), "names of layers' outputs", "different", names);
    }

    static List<String> names(List<Layer> layers) {
        return layers.stream()
                .filter(NamedLayer.class::isInstance)
                .map(layer -> ((NamedLayer) layer).outputName())
                .toList();
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        NDList current = inputs;
        List<Block> blocks = getChildren().values();
        for (int i = 0; i < blocks.size(); i++) {
            current = blocks.get(i).forward(store, current, training);
            if (layers.get(i) instanceof NamedLayer named) {
                LocalModel.of(store).keepOutput(named.outputName(), current.singletonOrThrow());
            }
        }
        return current;
    }
}
