package org.fl4j.model;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.model.Layer.BatchNorm;
import org.fl4j.model.Layer.Conv2d;
import org.fl4j.model.Layer.Dense;
import org.fl4j.model.Layer.Dropout;
import org.fl4j.model.Layer.Flatten;
import org.fl4j.model.Layer.GlobalAveragePool2d;
import org.fl4j.model.Layer.GroupNorm;
import org.fl4j.model.Layer.MaxPool2d;
import org.fl4j.model.Layer.Relu;
import org.fl4j.model.Layer.Residual;

/** Ready classification tasks: the models of the field's benchmarks. */
public final class Models {
    /** The name that {@link #withFeatures} gives. */
    public static final String FEATURES = "features";

    private static final Shape MNIST = new Shape(1, 28, 28);
    private static final Shape CIFAR = new Shape(3, 32, 32);

    private Models() {}

    /**
     * Returns the same task with a name, {@link #FEATURES}, for what its network's last layer reads, which losses such
     * as MOON's look at. Parameters are named, and drawn, as without it.
     *
     * @throws IllegalArgumentException if the model is no {@link Network} of two layers at least
     */
    public static LearningTask withFeatures(LearningTask task) {
        Check.that(
                task.architecture() instanceof Network network
                        && network.layers().size() > 1,
                "model with features",
                "a network of two layers at least",
                task.architecture());
        List<Layer> layers = new ArrayList<>(((Network) task.architecture()).layers());
        layers.set(layers.size() - 2, layers.get(layers.size() - 2).named(FEATURES));
        return new LearningTask(
                Network.of(layers.toArray(Layer[]::new)),
                task.inputShape(),
                task.loss(),
                task.metrics(),
                task.initializer());
    }

    /** Returns multinomial logistic regression on images of any shape. */
    public static LearningTask softmaxRegression(Shape inputShape, int classes) {
        return task(inputShape, List.of(new Flatten(), new Dense(classes)));
    }

    /** Returns the 2NN of McMahan et al. 2017 (arXiv 1602.05629): 784-200-200-10, 199,210 parameters. */
    public static LearningTask mnist2nn() {
        return twoLayers(MNIST, 10);
    }

    /** Returns the 2NN for other examples: two hidden layers of 200 units. */
    static LearningTask twoLayers(Shape inputShape, int classes) {
        return task(
                inputShape,
                List.of(new Flatten(), new Dense(200), new Relu(), new Dense(200), new Relu(), new Dense(classes)));
    }

    /** Returns the 2NN with batch normalisation before each activation. */
    static LearningTask twoLayersBatchNorm(Shape inputShape, int classes) {
        return task(
                inputShape,
                List.of(
                        new Flatten(),
                        new Dense(200),
                        new BatchNorm(),
                        new Relu(),
                        new Dense(200),
                        new BatchNorm(),
                        new Relu(),
                        new Dense(classes)));
    }

    /** Returns the CNN for images: {@link #mnistCnn} for those of one channel, {@link #cifarCnn} for those of three. */
    static LearningTask cnn(Shape inputShape, int classes) {
        Check.that(
                inputShape.dimension() == 3 && (inputShape.get(0) == 1 || inputShape.get(0) == 3),
                "model",
                "for images of shape (1, height, width) or (3, height, width), if it is cnn; the data's shape is "
                        + inputShape,
                "cnn");
        return inputShape.get(0) == 1 ? mnistCnn(inputShape, classes) : cifarCnn(inputShape, classes);
    }

    /** Returns the CNN of McMahan et al. 2017: two 5x5 convolutions and a dense layer of 512, 1,663,370 parameters. */
    public static LearningTask mnistCnn() {
        return mnistCnn(MNIST, 10);
    }

    private static LearningTask mnistCnn(Shape inputShape, int classes) {
        return task(
                inputShape,
                List.of(
                        new Conv2d(32, 5, 1, 2, true),
                        new Relu(),
                        new MaxPool2d(2),
                        new Conv2d(64, 5, 1, 2, true),
                        new Relu(),
                        new MaxPool2d(2),
                        new Flatten(),
                        new Dense(512),
                        new Relu(),
                        new Dense(classes)));
    }

    /**
     * Returns the CIFAR-10 network of pfl-research's benchmark (Granqvist et al. 2024, arXiv 2404.06430): 1,626,442
     * parameters, Xavier's initial weights.
     */
    public static LearningTask cifarCnn() {
        return cifarCnn(CIFAR, 10);
    }

    private static LearningTask cifarCnn(Shape inputShape, int classes) {
        return task(
                        inputShape,
                        List.of(
                                new Conv2d(32, 3, 1, 0, true),
                                new Relu(),
                                new Conv2d(64, 3, 1, 0, true),
                                new Relu(),
                                new MaxPool2d(2),
                                new Dropout(.25),
                                new Flatten(),
                                new Dense(128),
                                new Relu(),
                                new Dropout(.5),
                                new Dense(classes)))
                .withInitializer(WeightInitializer.xavierUniform());
    }

    /**
     * Returns ResNet-18 (He et al. 2016, arXiv 1512.03385) with the 3x3 stem usual for 32x32 images and batch
     * normalisation, whose running statistics are float buffers.
     */
    public static LearningTask resNet18BatchNorm(int classes) {
        return resNet18(CIFAR, new BatchNorm(), classes);
    }

    /** Returns ResNet-18 with group normalisation (Hsieh et al. 2020, arXiv 1910.00189), which has no buffers. */
    public static LearningTask resNet18GroupNorm(int classes, int groups) {
        return resNet18(CIFAR, new GroupNorm(groups), classes);
    }

    static LearningTask resNet18(Shape inputShape, Layer norm, int classes) {
        Check.that(
                inputShape.dimension() == 3,
                "model",
                "for images of shape (channels, height, width), if it is resnet18; the data's shape is " + inputShape,
                "resnet18");
        List<Layer> layers = new ArrayList<>(List.of(new Conv2d(64, 3, 1, 1, false), norm, new Relu()));
        int channels = 64;
        for (int stage = 0; stage < 4; stage++) {
            int filters = 64 << stage;
            for (int block = 0; block < 2; block++) {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                List<Layer> body = List.of(
                        new Conv2d(filters, 3, stride, 1, false),
                        norm,
                        new Relu(),
                        new Conv2d(filters, 3, 1, 1, false),
                        norm);
                List<Layer> shortcut = stride == 1 && channels == filters
                        ? List.of()
                        : List.of(new Conv2d(filters, 1, stride, 0, false), norm);
                layers.add(new Residual(body, shortcut));
                layers.add(new Relu());
                channels = filters;
            }
        }
        layers.add(new GlobalAveragePool2d());
        layers.add(new Dense(classes));
        return task(inputShape, layers).withInitializer(WeightInitializer.heNormal());
    }

    /**
     * Returns LEAF's network for the next character of a text (Caldas et al. 2018, arXiv 1812.01097): an embedding of
     * 8, two LSTM layers of 256, and a dense layer behind the last position.
     *
     * @param characters how many different ones there are
     * @param positions the length of an example; LEAF's is 80
     */
    public static LearningTask characterLstm(int characters, int positions) {
        return task(
                new Shape(positions),
                List.of(
                        new Layer.Embedding(characters, 8),
                        new SequenceLayer.Lstm(256),
                        new SequenceLayer.Lstm(256),
                        new SequenceLayer.LastPosition(),
                        new Dense(characters)));
    }

    /**
     * Returns a language model as GPT-2 builds them (Radford et al. 2019): learned positions, and blocks of causal
     * self-attention and of a hidden layer four times as wide with GELU, each behind a layer normalisation and with a
     * residual connection. It predicts a token at each position.
     *
     * @param tokens how many different ones there are
     * @param positions the length of an example
     * @param layers how many blocks
     * @param width features of a position
     * @param heads of each attention
     */
    public static LearningTask transformer(int tokens, int positions, int layers, int width, int heads) {
        Check.positive("layers", layers);
        List<Layer> all = new ArrayList<>();
        all.add(new Layer.Embedding(tokens, width));
        all.add(new SequenceLayer.PositionalEmbedding());
        Layer norm = new SequenceLayer.TimeDistributed(new Layer.LayerNorm());
        for (int block = 0; block < layers; block++) {
            all.add(new Residual(List.of(norm, SequenceLayer.SelfAttention.causal(heads)), List.of()));
            all.add(new Residual(
                    List.of(new SequenceLayer.TimeDistributed(
                            new Layer.LayerNorm(), new Dense(4 * width), new Layer.Gelu(), new Dense(width))),
                    List.of()));
        }
        all.add(new SequenceLayer.TimeDistributed(new Layer.LayerNorm(), new Dense(tokens)));
        return LearningTask.sequence(new Network(all), new Shape(positions));
    }

    private static LearningTask task(Shape inputShape, List<Layer> layers) {
        return LearningTask.classification(new Network(layers), inputShape);
    }
}
