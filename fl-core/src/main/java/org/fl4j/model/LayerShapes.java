package org.fl4j.model;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;

/** What the layers of a network make of the form of one example. */
final class LayerShapes {
    private LayerShapes() {}

    /**
     * Follows an example through a network.
     *
     * @param example the shape of the example, without the batch
     * @param type float32 for features, int64 for tokens
     * @throws IllegalArgumentException if a layer does not accept what reaches it; the message names the layer, the
     *     rule and the value
     */
    static ExampleForm trace(List<Layer> layers, Shape example, DataType type) {
        return sequence(layers, new ExampleForm(example, type), "");
    }

    /** Returns the embedding that a network begins with, if it does. */
    static Optional<Layer.Embedding> embedding(List<Layer> layers) {
        return layers.stream()
                .map(NamedLayer::bare)
                .filter(layer -> !(layer instanceof Layer.Flatten))
                .findFirst()
                .map(layer -> layer instanceof Layer.Frozen frozen ? frozen.layer() : layer)
                .filter(Layer.Embedding.class::isInstance)
                .map(Layer.Embedding.class::cast);
    }

    /** Returns what a network reads: int64 tokens if it begins with an embedding, otherwise float32 features. */
    static DataType inputType(List<Layer> layers) {
        return embedding(layers).isPresent() ? DataType.INT64 : DataType.FLOAT32;
    }

    /** Follows an example through layers whose numbers begin with those of what is above them. */
    static ExampleForm sequence(List<Layer> layers, ExampleForm example, String above) {
        ExampleForm form = example;
        for (int i = 0; i < layers.size(); i++) {
            form = layers.get(i).output(form, above + (i + 1));
        }
        return form;
    }
}
