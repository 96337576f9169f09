package org.fl4j.model;

import ai.djl.nn.Block;
import java.util.Iterator;
import java.util.Optional;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.internal.LayerPass;
import org.fl4j.tensor.internal.LayerWriter;

/**
 * A layer whose output losses and callers know by a name.
 *
 * @param layer the layer
 * @param outputName the name, which no other layer of the network has
 */
record NamedLayer(Layer layer, String outputName) implements Layer {
    NamedLayer {
        Check.present("layer", layer);
        Check.present("name of a layer's output", outputName);
        Check.that(!outputName.isBlank(), "name of a layer's output", "not blank", outputName);
        Check.that(!(layer instanceof NamedLayer), "layer to name", "without a name yet", layer);
    }

    /** Returns the layer itself, if it was given a name. */
    static Layer bare(Layer layer) {
        return layer instanceof NamedLayer named ? named.layer : layer;
    }

    @Override
    public Block toBlock() {
        return layer.toBlock();
    }

    @Override
    public ExampleForm output(ExampleForm input, String number) {
        return layer.output(input, number);
    }

    @Override
    public boolean trainsInBlocks() {
        return layer.trainsInBlocks();
    }

    @Override
    public boolean keepsExamplesApart() {
        return layer.keepsExamplesApart();
    }

    @Override
    public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
        return layer.write(out, input, above).map(pass -> {
            out.nameOutput(outputName, pass.output());
            return new LayerPass(
                    pass.output(),
                    behind -> pass.backward().write(out.gradientAt(outputName, behind)),
                    pass.hasParameters());
        });
    }

    @Override
    public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
        return new NamedLayer(layer.sliced(parameters), outputName);
    }

    @Override
    public Layer frozen() {
        return new NamedLayer(layer.frozen(), outputName);
    }
}
