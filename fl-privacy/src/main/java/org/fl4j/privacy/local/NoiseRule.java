package org.fl4j.privacy.local;

import java.io.Serializable;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.execution.ClientPriority;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;

/**
 * The noise a client must add at least in a round: its certified base. It may depend on who the client is and on the
 * state of machines, never on the client's data, for it is not secret. Called
 * by the server and by workers at once. In asynchronous runs it must not depend on the round, for a client is chosen in
 * one and arrives in another.
 */
@FunctionalInterface
public interface NoiseRule extends Serializable {
    /**
     * Returns the mechanism, with a noise multiplier above 0.
     *
     * @param round the number of the round, from 1
     */
    Mechanism mechanism(ClientId client, int round);

    /** Returns the rule of one mechanism for all. */
    static NoiseRule same(Mechanism mechanism) {
        return (client, round) -> mechanism;
    }

    /**
     * Returns the rule of priority classes: a client of rank r, 0 being the most important, may spend
     * {@code epsilon / (1 + r)} a task, so that less important tasks get more noise. Ranks below 5 have Gaussian noise,
     * exactly calibrated; the others have Laplace noise.
     *
     * @param epsilon of one task of rank 0, positive
     * @param delta of one task with Gaussian noise, in (0, 1)
     * @param priority of clients, the same that {@link org.fl4j.execution.ExecutionPolicy} may go by
     */
    static NoiseRule priorities(double epsilon, double delta, ClientPriority priority) {
        return new PriorityClasses(epsilon, delta, priority);
    }

    /** See {@link #priorities}; calibrates once a rank. */
    final class PriorityClasses implements NoiseRule {
        private static final long serialVersionUID = 1;
        private static final int FIRST_LAPLACE_RANK = 5;

        private final double epsilon;
        private final double delta;
        private final ClientPriority priority;
        private final ConcurrentHashMap<Integer, Double> multipliers = new ConcurrentHashMap<>();

        private PriorityClasses(double epsilon, double delta, ClientPriority priority) {
            this.epsilon = Check.positive("epsilon", epsilon);
            this.delta = Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
            this.priority = Check.present("priority", priority);
        }

        @Override
        public Mechanism mechanism(ClientId client, int round) {
            int of = Check.atLeast("rank of " + client, 0, priority.rank(client));
            double share = epsilon / (1 + of);
            return of < FIRST_LAPLACE_RANK
                    ? new Mechanism.Gaussian(
                            multipliers.computeIfAbsent(of, any -> GaussianMechanism.noiseMultiplier(share, delta)))
                    : new Mechanism.Laplace(1 / share);
        }
    }
}
