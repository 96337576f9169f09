package org.fl4j.privacy.clipping;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;

/**
 * Scales each parameter of an update down to a bound of its own on its Euclidean norm (McMahan et al. 2018, arXiv
 * 1710.06963, "per-layer clipping"). The whole update is then bounded by {@link #clippingBound}, the root of the sum of
 * squares. Reports {@code train/clipped}, the share of parameters that were scaled.
 *
 * @param bounds positive, by the parameter's name in the layout; one for each trainable parameter
 */
public record LayerClipping(Map<String, Double> bounds) implements UpdateTransform {
    private static final double ROUNDING_MARGIN = 1e-6; // as in NormClipping

    /** Checks the bounds. */
    public LayerClipping {
        bounds = Map.copyOf(bounds);
        bounds.forEach((name, bound) -> Check.positive("clipping bound of " + name, bound));
    }

    /**
     * Returns equal bounds for all trainable parameters that make up a bound for the whole: {@code S / sqrt(layers)}.
     */
    public static LayerClipping even(ParameterLayout layout, double clippingBound) {
        List<String> names = layout.parameters().stream()
                .filter(entry -> entry.role() == ParameterRole.TRAINABLE)
                .map(ParameterLayout.Entry::name)
                .toList();
        double each = clippingBound / Math.sqrt(names.size());
        return new LayerClipping(names.stream().collect(Collectors.toMap(name -> name, name -> each)));
    }

    /** Returns the bound on the norm of the whole update. */
    public double clippingBound() {
        return Math.sqrt(
                bounds.values().stream().mapToDouble(bound -> bound * bound).sum());
    }

    @Override
    public boolean readsDelta() {
        return true;
    }

    @Override
    public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
        ParameterVector clipped = update.delta().copy();
        bounds.keySet()
                .forEach(name -> Check.that(
                        clipped.layout().find(name).isPresent(), "name of a clipping bound", "a parameter's", name));
        int scaled = 0;
        int all = 0;
        for (ParameterLayout.Entry entry : clipped.layout().parameters()) {
            if (entry.role() != ParameterRole.TRAINABLE) {
                continue;
            }
            Double bound = bounds.get(entry.name());
            Check.that(
                    bound != null,
                    "parameters with a clipping bound",
                    "all, " + entry.name() + " too",
                    bounds.keySet());
            NDArray values = Kernels.narrow(clipped.floats(), entry.offset(), entry.size());
            double norm = Kernels.norm(values);
            all++;
            if (norm > bound && Double.isFinite(norm)) {
                values.muli(bound * (1 - ROUNDING_MARGIN) / norm);
                scaled++;
            }
        }
        return update.withDelta(clipped).withMetrics(Metrics.of("train/clipped", scaled, all));
    }
}
