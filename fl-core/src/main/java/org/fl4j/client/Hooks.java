package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.fl4j.internal.Check;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which hooks of a step a class of clients overrides, found once a class.
 *
 * @param losses whether it computes losses itself, so that there is no program for them
 * @param afterBackward whether it looks at gradients
 */
record Hooks(boolean losses, boolean afterBackward) {
    private static final Logger LOG = LoggerFactory.getLogger(SgdClient.class);
    private static final ClassValue<Hooks> OF_CLASS = new ClassValue<>() {
        @Override
        protected Hooks computeValue(Class<?> type) {
            Hooks hooks = new Hooks(
                    overrides(type, "losses", NDArray.class, LocalBatch.class),
                    overrides(type, "afterBackward", LocalStep.class));
            if (hooks.losses) {
                LOG.info(
                        "{} computes losses of its own, so it trains on the eager path; as an Expression they compile",
                        type.getName());
            }
            return hooks;
        }
    };

    static Hooks of(Class<? extends SgdClient> type) {
        return OF_CLASS.get(type);
    }

    private static boolean overrides(Class<?> type, String method, Class<?>... parameters) {
        for (Class<?> at = type; at != SgdClient.class; at = at.getSuperclass()) {
            for (Method own : at.getDeclaredMethods()) {
                if (own.getName().equals(method) && !own.isSynthetic()) {
                    Check.that(
                            Arrays.equals(own.getParameterTypes(), parameters),
                            "parameters of " + at.getName() + "." + method,
                            "those of the hook, " + Arrays.toString(parameters),
                            Arrays.toString(own.getParameterTypes()));
                    return true;
                }
            }
        }
        return false;
    }
}
