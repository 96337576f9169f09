package org.fl4j.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;

/** Makes the network of a smaller layout: the same layers, with as many units as the layout has. */
final class SlicedNetwork {
    private SlicedNetwork() {}

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
        Iterator<ParameterLayout.Entry> trainable = layout.parameters().stream()
                .filter(entry -> entry.role() == ParameterRole.TRAINABLE)
                .iterator();
        Network network = new Network(layers(((Network) task.architecture()).layers(), trainable));
        return new LearningTask(network, task.inputShape(), task.loss(), task.metrics(), task.initializer());
    }

    static List<Layer> layers(List<Layer> layers, Iterator<ParameterLayout.Entry> trainable) {
        List<Layer> sliced = new ArrayList<>();
        layers.forEach(layer -> sliced.add(layer.sliced(trainable)));
        return sliced;
    }
}
