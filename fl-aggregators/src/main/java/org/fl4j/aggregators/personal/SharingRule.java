package org.fl4j.aggregators.personal;

import java.io.Serializable;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;

/** Says which parameters of a model are a client's own. */
@FunctionalInterface
public interface SharingRule extends Serializable {
    /** Returns the entries of the layout that are personal. */
    List<ParameterLayout.Entry> personal(ParameterLayout layout);

    /** Returns the rule by which shared and personal change places. */
    default SharingRule negate() {
        return new Others(this);
    }

    /** Returns the rule that parameters are personal whose name contains a text. */
    static SharingRule named(String part) {
        return new Named(part);
    }

    /**
     * Returns the rule that layers with running statistics are personal, whatever their names: the running mean and
     * variance of one layer, and all other parameters of that layer.
     */
    static SharingRule normalisation() {
        return new Normalisation();
    }

    /** Returns the rule that the last layers are personal: those with trainable parameters, counted from the output. */
    static SharingRule lastLayers(int count) {
        return new LastLayers(count);
    }

    /** See {@link #negate}. */
    record Others(SharingRule rule) implements SharingRule {
        @Override
        public List<ParameterLayout.Entry> personal(ParameterLayout layout) {
            List<ParameterLayout.Entry> others = rule.personal(layout);
            return layout.parameters().stream()
                    .filter(entry -> !others.contains(entry))
                    .toList();
        }
    }

    /** See {@link #named}. */
    record Named(String part) implements SharingRule {
        @Override
        public List<ParameterLayout.Entry> personal(ParameterLayout layout) {
            List<ParameterLayout.Entry> found = layout.parameters().stream()
                    .filter(entry -> entry.name().contains(part))
                    .toList();
            Check.that(!found.isEmpty(), "name of a personal parameter", "part of one in the model", part);
            return found;
        }
    }

    /** See {@link #normalisation}. */
    record Normalisation() implements SharingRule {
        @Override
        public List<ParameterLayout.Entry> personal(ParameterLayout layout) {
            Set<String> means = layersWith("running_mean", "runningMean", layout);
            means.retainAll(layersWith("running_var", "runningVar", layout));
            List<ParameterLayout.Entry> found = layout.parameters().stream()
                    .filter(entry -> means.contains(layer(entry)))
                    .toList();
            if (found.isEmpty()) {
                throw new IllegalArgumentException(
                        "personal layers must be some with running statistics, but the model has"
                                + " none. Maybe choose layers by SharingRule.named or SharingRule.lastLayers");
            }
            return found;
        }

        /** PyTorch and DJL write the same statistics in two ways. */
        private static Set<String> layersWith(String name, String nameOfDjl, ParameterLayout layout) {
            Set<String> layers = new LinkedHashSet<>();
            layout.parameters().stream()
                    .filter(entry ->
                            entry.name().endsWith("." + name) || entry.name().endsWith("_" + nameOfDjl))
                    .forEach(entry -> layers.add(layer(entry)));
            return layers;
        }
    }

    /** See {@link #lastLayers}. */
    record LastLayers(int count) implements SharingRule {
        /** Checks the count. */
        public LastLayers {
            Check.positive("layers", count);
        }

        @Override
        public List<ParameterLayout.Entry> personal(ParameterLayout layout) {
            Set<String> layers = new LinkedHashSet<>();
            layout.parameters().stream()
                    .filter(entry -> entry.role() == ParameterRole.TRAINABLE)
                    .forEach(entry -> layers.add(layer(entry)));
            Check.inRange("layers", 1, layers.size() - 1, count);
            Set<String> last = Set.copyOf(List.copyOf(layers).subList(layers.size() - count, layers.size()));
            return layout.parameters().stream()
                    .filter(entry -> last.contains(layer(entry)))
                    .toList();
        }
    }

    private static String layer(ParameterLayout.Entry entry) {
        // a module of PyTorch names fc.weight, a layer of DJL 02Linear_weight
        int end = entry.name().lastIndexOf(entry.name().indexOf('.') < 0 ? '_' : '.');
        return end < 0 ? entry.name() : entry.name().substring(0, end);
    }
}
