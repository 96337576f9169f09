package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Stream;
import org.fl4j.internal.Check;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.ParameterVector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which hooks of a step a class of clients overrides, found once a class.
 *
 * @param losses whether it computes losses itself, so that there is no program for them
 * @param afterBackward whether it looks at gradients
 * @param ofSteps whether it overrides one of those that a block of clients cannot call
 * @param afterTraining whether it changes or reads the trained model
 */
record Hooks(boolean losses, boolean afterBackward, boolean ofSteps, boolean afterTraining) {
    private static final Logger LOG = LoggerFactory.getLogger(SgdClient.class);
    private static final ClassValue<Hooks> OF_CLASS = new ClassValue<>() {
        @Override
        protected Hooks computeValue(Class<?> type) {
            boolean losses = overrides(type, "losses", NDArray.class, LocalBatch.class);
            boolean afterBackward = overrides(type, "afterBackward", LocalStep.class);
            boolean ofSteps = losses
                    || afterBackward
                    || declares(type, "loss")
                    || declares(type, "gradientTerm")
                    || declares(type, "optimize", TrainingTask.class, LocalModel.class, ParameterVector.class);
            if (losses) {
                LOG.info(
                        "{} computes losses of its own, so it trains on the eager path; as an Expression they compile",
                        type.getName());
            }
            return new Hooks(
                    losses,
                    afterBackward,
                    ofSteps,
                    declares(type, "afterTraining", TrainingTask.class, LocalModel.class));
        }
    };

    static Hooks of(Class<? extends SgdClient> type) {
        return OF_CLASS.get(type);
    }

    private static Stream<Method> declared(Class<?> type, String method) {
        Stream<Method> own = Arrays.stream(type.getDeclaredMethods())
                .filter(found -> found.getName().equals(method));
        return type == SgdClient.class ? Stream.empty() : Stream.concat(own, declared(type.getSuperclass(), method));
    }

    private static boolean declares(Class<?> type, String method, Class<?>... parameters) {
        return declared(type, method).anyMatch(own -> Arrays.equals(own.getParameterTypes(), parameters));
    }

    /** The same, and refuses methods of that name that nobody would ever call. */
    private static boolean overrides(Class<?> type, String method, Class<?>... parameters) {
        declared(type, method)
                .filter(own -> !own.isSynthetic())
                .forEach(own -> Check.that(
                        Arrays.equals(own.getParameterTypes(), parameters),
                        "parameters of " + own.getDeclaringClass().getName() + "." + method,
                        "those of the hook, " + Arrays.toString(parameters),
                        Arrays.toString(own.getParameterTypes())));
        return declares(type, method, parameters);
    }
}
