package org.fl4j.experiments;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.internal.Check;

/** How clients train. */
final class TrainingPart {
    private TrainingPart() {}

    private static boolean isAdam(Values values) {
        return values.text("training.optimizer").filter("adam"::equals).isPresent();
    }

    static void check(Values values) {
        Check.that(
                !(values.has("training.epochs") && values.has("training.steps")),
                "epochs",
                "left out with steps",
                values.text("training.epochs").orElse(""));
        Check.that(
                !(values.has("training.momentum") && isAdam(values)),
                "momentum",
                "left out with adam",
                values.text("training.momentum").orElse(""));
    }

    static LocalTraining training(Values values) {
        double decay = values.number("training.weightDecay").orElse(0.0);
        ClientOptimizer.Adam adam = new ClientOptimizer.Adam();
        LocalTraining training = LocalTraining.sgd(
                        values.number("training.learningRate").orElse(0.1))
                .optimizer(
                        isAdam(values)
                                ? new ClientOptimizer.Adam(adam.beta1(), adam.beta2(), adam.epsilon(), decay)
                                : new ClientOptimizer.Sgd(
                                        values.number("training.momentum").orElse(0.0), decay))
                .epochs(values.whole("training.epochs").orElse(1))
                .batchSize(values.whole("training.batchSize").orElse(10))
                .proximalTerm(values.number("training.proximalTerm").orElse(0.0));
        if (values.has("training.steps")) {
            training = training.steps(values.whole("training.steps").orElseThrow());
        }
        return values.has("training.gradientClip")
                ? training.gradientClip(values.number("training.gradientClip").orElseThrow())
                : training;
    }

    /** Returns the defaults of these fields. */
    static Map<String, String> usual(Values values) {
        Map<String, String> all = new TreeMap<>();
        all.put("training.learningRate", "0.1");
        all.put("training.batchSize", "10");
        if (!values.has("training.steps")) {
            all.put("training.epochs", "1");
        }
        return all;
    }
}
