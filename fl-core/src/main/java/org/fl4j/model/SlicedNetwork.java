package org.fl4j.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;

/** Makes the network of a smaller layout: the same layers, with as many units as the layout has. */
final class SlicedNetwork {
    private final Iterator<ParameterLayout.Entry> trainable;

    private SlicedNetwork(ParameterLayout layout) {
        trainable = layout.parameters().stream()
                .filter(entry -> entry.role() == ParameterRole.TRAINABLE)
                .iterator();
    }

    /**
     * Returns the task of a smaller layout.
     *
     * @throws IllegalArgumentException if the task's architecture is no {@link Network}
     */
    static LearningTask of(LearningTask task, ParameterLayout layout) {
        Check.that(
                task.architecture() instanceof Network,
                "architecture of slices",
                "a Network of layers, which can be made smaller",
                task.architecture().getClass().getName());
        Network network = new Network(new SlicedNetwork(layout).layers(((Network) task.architecture()).layers()));
        return new LearningTask(network, task.inputShape(), task.loss(), task.metrics(), task.initializer());
    }

    private List<Layer> layers(List<Layer> layers) {
        List<Layer> sliced = new ArrayList<>();
        layers.forEach(layer -> sliced.add(layer(layer)));
        return sliced;
    }

    private Layer layer(Layer layer) {
        if (layer instanceof Layer.Dense) {
            int units = next(0);
            trainable.next(); // the bias
            return new Layer.Dense(units);
        } else if (layer instanceof Layer.Conv2d conv) {
            int filters = next(0);
            if (conv.bias()) {
                trainable.next();
            }
            return new Layer.Conv2d(filters, conv.kernel(), conv.stride(), conv.padding(), conv.bias());
        } else if (layer instanceof Layer.Embedding) {
            ParameterLayout.Entry table = trainable.next();
            return new Layer.Embedding(
                    Math.toIntExact(table.shape().get(0)),
                    Math.toIntExact(table.shape().get(1)));
        } else if (layer instanceof Layer.Residual residual) {
            return new Layer.Residual(layers(residual.body()), layers(residual.shortcut()));
        } else if (layer instanceof Layer.BatchNorm
                || layer instanceof Layer.GroupNorm
                || layer instanceof Layer.LayerNorm) {
            trainable.next(); // scale
            trainable.next(); // shift
        }
        return layer;
    }

    private int next(int axis) {
        return Math.toIntExact(trainable.next().shape().get(axis));
    }
}
