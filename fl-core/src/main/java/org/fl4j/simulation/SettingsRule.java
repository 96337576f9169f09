package org.fl4j.simulation;

import java.util.Map;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;

/**
 * Decides numbers that travel with every task of a round, such as the batch size: a pure function of the state and of
 * what the round has {@linkplain RoundContext#observed observed}. It changes neither who takes part nor what is made of
 * updates.
 */
@FunctionalInterface
public interface SettingsRule {
    /** Makes a rule when it is known what a run is made of. */
    @FunctionalInterface
    interface Factory {
        /** Returns the rule of a run. */
        SettingsRule of(DecoratorContext run);
    }

    /** Decides for the round after a state. */
    Decision decide(ServerState state, RoundContext round);

    /**
     * What a rule decided.
     *
     * @param settings of the round's tasks, by name; see {@link org.fl4j.message.TrainingTask}
     * @param remembered numbers for the next state, by name
     * @param metrics for the round's report
     */
    record Decision(Map<String, Double> settings, Map<String, Double> remembered, Metrics metrics) {
        /** Copies the maps. */
        public Decision {
            settings = Map.copyOf(settings);
            remembered = Map.copyOf(remembered);
        }
    }
}
