package org.fl4j.simulation;

import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.tensor.Slice;

/**
 * What a client may claim of itself. Example counts weigh updates, and numbers of steps normalise them (FedNova), so a
 * claim beyond all reason would make one client's update the round's: the server knows every client's count, and how
 * clients are set up to train.
 *
 * @param clients how many examples each client has
 * @param training how clients are set up to train, if the run knows it
 */
record ClaimRule(ClientDirectory clients, Optional<LocalTraining> training) {
    /**
     * An algorithm may train several times a round, or take smaller batches; nothing honest takes ten times the steps.
     */
    private static final long STEPS_FACTOR = 10;

    private static final long MOST_STEPS = 1_000_000_000;

    /**
     * Returns the rule that an update breaks, and its value; nothing if its claims can be true.
     *
     * @param sent which part of the model its client was sent, if not all of it
     */
    Optional<String> fault(ModelUpdate update, Optional<Slice> sent) {
        if (!update.payload().slice().equals(sent)) {
            return Optional.of("slice of the delta must be the one that the client was sent, " + described(sent)
                    + ", but was " + described(update.payload().slice()));
        }
        for (Fact<?> fact : update.facts().values().keySet()) {
            if (fact.source() == Fact.Source.SERVER) { // of a transform, or of another process
                return Optional.of("facts must be the client's, but the server alone knows " + fact.name());
            }
        }
        if (update.receipt().bytes() != 0) {
            return Optional.of("bytes of a receipt must be left to the server, but were "
                    + update.receipt().bytes());
        }
        int examples = clients.exampleCount(update.client());
        if (update.exampleCount() > examples) {
            return Optional.of("exampleCount must be at most what the server knows, " + examples + ", but was "
                    + update.exampleCount());
        }
        long most =
                training.isPresent() ? STEPS_FACTOR * Math.max(1, training.get().stepCount(examples)) : MOST_STEPS;
        if (update.localSteps() < 0 || update.localSteps() > most) {
            return Optional.of("localSteps must be in [0, " + most + "], but was " + update.localSteps());
        }
        return Optional.empty();
    }

    private static String described(Optional<Slice> slice) {
        return slice.map(part -> part.texts().toString()).orElse("none");
    }
}
