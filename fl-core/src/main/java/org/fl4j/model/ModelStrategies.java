package org.fl4j.model;

import java.util.List;
import java.util.function.Function;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;

/** The names of models, losses and metrics. */
public final class ModelStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                model("softmax", p -> Models::softmaxRegression),
                model("2nn", p -> Models::twoLayers),
                model("2nn-batchnorm", p -> Models::twoLayersBatchNorm),
                model("cnn", p -> Models::cnn),
                model("resnet18-bn", p -> (shape, classes) -> Models.resNet18(shape, new Layer.BatchNorm(), classes)),
                model("resnet18-gn", p -> {
                    Layer norm = new Layer.GroupNorm(p.integer("groups", 32));
                    return (shape, classes) -> Models.resNet18(shape, norm, classes);
                }),
                measure("cross-entropy", p -> ExampleMeasure.crossEntropy()),
                measure("squared-error", p -> ExampleMeasure.squaredError()),
                measure("accuracy", p -> ExampleMeasure.accuracy()),
                measure("top-k", p -> ExampleMeasure.topK(p.integer("k", 5))));
    }

    private static NamedStrategy<?> model(String name, Function<Parameters, ModelFactory> make) {
        return new NamedStrategy<>(ModelFactory.class, name, p -> {
            ModelFactory plain = make.apply(p);
            return p.flag("features", false)
                    ? (shape, classes) -> Models.withFeatures(plain.task(shape, classes))
                    : plain;
        });
    }

    private static NamedStrategy<?> measure(String name, Function<Parameters, ExampleMeasure> make) {
        return new NamedStrategy<>(ExampleMeasure.class, name, make);
    }
}
