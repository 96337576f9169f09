package org.fl4j.examples;

import java.util.Map;
import java.util.function.Supplier;
import org.fl4j.model.LearningTask;

/** Finds models by the names of the command line. */
final class ModelNames {
    private ModelNames() {}

    static LearningTask find(Map<String, Supplier<LearningTask>> models, String name) {
        Supplier<LearningTask> known = models.get(name);
        if (known == null) {
            throw new IllegalArgumentException("model must be one of " + models.keySet() + ", but was " + name);
        }
        return known.get();
    }
}
