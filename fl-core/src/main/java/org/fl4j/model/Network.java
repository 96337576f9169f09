package org.fl4j.model;

import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import java.util.List;
import java.util.function.Supplier;

/**
 * Layers in a row. As the architecture of a {@link LearningTask} it trains on the compiled path; any other supplier of
 * a DJL block trains on the eager one.
 *
 * @param layers from the input to the output
 */
public record Network(List<Layer> layers) implements Supplier<Block> {
    /** Copies the list. */
    public Network {
        layers = List.copyOf(layers);
    }

    /** Makes a network of layers. */
    public static Network of(Layer... layers) {
        return new Network(List.of(layers));
    }

    /** Makes the DJL block of these layers. */
    @Override
    public Block get() {
        return block(layers);
    }

    static Block block(List<Layer> layers) {
        if (!NamedOutputsBlock.names(layers).isEmpty()) {
            return new NamedOutputsBlock(layers);
        }
        SequentialBlock network = new SequentialBlock();
        layers.forEach(layer -> network.add(layer.toBlock()));
        return network;
    }
}
