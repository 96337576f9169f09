package org.fl4j.world;

import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;

/**
 * What clients are like, on a simulated clock. A client that is chosen may drop out: by chance, or because it is not
 * there any more when it would be done. The server notices at once.
 *
 * @param durations how long clients take, such as {@link DeviceProfiles#durations}
 * @param availability when they can be chosen
 * @param dropOutRate the probability that a client that was chosen drops out, in [0, 1)
 */
public record World(ClientDurations durations, Availability availability, double dropOutRate) {
    /** Checks all. */
    public World {
        Check.present("durations", durations);
        Check.present("availability", availability);
        Check.fraction("dropOutRate", dropOutRate);
    }

    /** Has everyone there, always. */
    public World(ClientDurations durations) {
        this(durations, Availability.always(), 0);
    }

    /** Returns those clients that are there at a time. */
    public ClientDirectory available(ClientDirectory clients, double clock) {
        return availability == Availability.always()
                ? clients
                : clients.where(client -> availability.isAvailable(client, clock));
    }

    /**
     * Returns how long a client takes that begins now: positive, and infinite if it drops out.
     *
     * @throws IllegalArgumentException if the durations give something else than a positive, finite number
     */
    public double seconds(ClientId client, RoundContext round, Workload work, double clock) {
        double seconds = Check.positive("duration of " + client, durations.seconds(client, round, work));
        boolean lost =
                dropOutRate > 0 && round.seed("drop-out", client).generator().nextDouble() < dropOutRate;
        return lost || !availability.isAvailable(client.index(), clock + seconds) ? Double.POSITIVE_INFINITY : seconds;
    }
}
