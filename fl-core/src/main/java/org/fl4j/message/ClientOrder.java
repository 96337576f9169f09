package org.fl4j.message;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * What one client of a round is sent: a {@link SharedMessage}, with a model or settings of its own if it has any.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param shared the id of the shared message
 * @param ownModel the model in place of the shared one
 * @param settings numbers beside the shared ones, by name; of two with the same name this one counts
 * @param slice which part of that model it is sent, if not all of it
 */
public record ClientOrder(
        String shared, Optional<OwnModel> ownModel, Map<String, Double> settings, Optional<Slice> slice) {
    /** A client's own model, of the run's layout. */
    @FunctionalInterface
    public interface OwnModel {
        /** Loads the model, when the client is about to use it, on a worker's thread; the caller's scope frees it. */
        ParameterVector load();
    }

    /** Checks for presence. */
    public ClientOrder {
        Check.present("shared", shared);
        Check.present("ownModel", ownModel);
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        SharedMessage.requirePrefixes(settings);
        Check.present("slice", slice);
    }

    /** Sends a whole model. */
    public ClientOrder(String shared, Optional<OwnModel> ownModel, Map<String, Double> settings) {
        this(shared, ownModel, settings, Optional.empty());
    }

    /** Names a shared message, and adds nothing. */
    public ClientOrder(String shared) {
        this(shared, Optional.empty(), Map.of());
    }

    /** Has a model of the client's own in place of that of the {@linkplain RoundPlan#MODEL usual message}. */
    public static ClientOrder ownModel(OwnModel model) {
        return new ClientOrder(RoundPlan.MODEL, Optional.of(model), Map.of());
    }

    /** Returns whether the client is sent the shared model as it is. */
    public boolean isOfShared() {
        return ownModel.isEmpty() && slice.isEmpty();
    }

    /** Returns the same order with further settings. */
    public ClientOrder withSettings(Map<String, Double> more) {
        Map<String, Double> all = new TreeMap<>(settings);
        all.putAll(more);
        return new ClientOrder(shared, ownModel, all, slice);
    }

    /** Returns the same order of a part of the model. */
    public ClientOrder withSlice(Slice part) {
        return new ClientOrder(shared, ownModel, settings, Optional.of(part));
    }
}
