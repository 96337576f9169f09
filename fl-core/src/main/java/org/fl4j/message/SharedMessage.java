package org.fl4j.message;

import ai.djl.ndarray.NDArray;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * What several clients of a round are sent alike.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param modelVersion how many rounds the model has behind it
 * @param model the model to start from
 * @param attachments what an algorithm sends beside the model, by name
 * @param settings numbers for this round, by name; see {@link TrainingTask}
 */
public record SharedMessage(
        int modelVersion, ParameterVector model, Map<String, NDArray> attachments, Map<String, Double> settings) {
    /** Checks for presence. */
    public SharedMessage {
        Check.atLeast("modelVersion", 0, modelVersion);
        Check.present("model", model);
        attachments = Collections.unmodifiableMap(new TreeMap<>(attachments));
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        requirePrefixes(settings);
    }

    static void requirePrefixes(Map<String, Double> settings) {
        settings.keySet()
                .forEach(name -> Check.that(
                        name.indexOf('/') > 0, "name of a setting", "one with a prefix, such as my/mu", name));
    }

    /** Has a model, and nothing beside it. */
    public SharedMessage(int modelVersion, ParameterVector model) {
        this(modelVersion, model, Map.of(), Map.of());
    }

    /** Returns the message that every client gets of a state: its model. */
    public static SharedMessage of(ServerState state) {
        return new SharedMessage(state.round(), state.model());
    }

    /** Returns the same message with other attachments. */
    public SharedMessage withAttachments(Map<String, NDArray> others) {
        return new SharedMessage(modelVersion, model, others, settings);
    }

    /** Returns the same message with further settings. */
    public SharedMessage withSettings(Map<String, Double> more) {
        if (more.isEmpty()) {
            return this;
        }
        Map<String, Double> all = new TreeMap<>(settings);
        all.putAll(more);
        return new SharedMessage(modelVersion, model, attachments, all);
    }
}
