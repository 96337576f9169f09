package org.fl4j.server;

import java.util.function.IntToLongFunction;
import java.util.function.ToLongFunction;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.world.ClientTimes;
import org.fl4j.world.Workload;
import org.fl4j.world.World;

/**
 * What servers on a simulated clock know about time. Messages take as long as the model, or its encoded delta, alone:
 * attachments take none.
 *
 * @param world what clients are like
 * @param selector who chooses cohorts, and may learn from who was too slow
 * @param examplesSeen how many examples a client trains on in a round, each as often as it does, from how many it has
 * @param plannedBytes how many bytes a client sends, as far as that is known before it trains, from the model's layout
 */
public record Clock(
        World world,
        ClientSelector selector,
        IntToLongFunction examplesSeen,
        ToLongFunction<ParameterLayout> plannedBytes) {
    /** The name of the state's number and of the metric: simulated seconds since the run began. */
    public static final String SECONDS = "time/seconds";

    static final double RETRY_SECONDS = 60;
    static final int MOST_RETRIES = 100_000; // some 70 days

    /** Checks for presence. */
    public Clock {
        Check.present("world", world);
        Check.present("selector", selector);
        Check.present("examplesSeen", examplesSeen);
        Check.present("plannedBytes", plannedBytes);
    }

    /** Returns what the clock showed after a state's round. */
    static double of(ServerState state) {
        return state.strategy().number(SECONDS).orElse(0.0);
    }

    /** Returns how long a client takes that starts on a model of a layout now; infinite if it drops out. */
    double seconds(ClientId client, ClientDirectory clients, ParameterLayout layout, RoundContext round, double now) {
        long examples = examplesSeen.applyAsLong(clients.exampleCount(client));
        return world.seconds(
                client, round, new Workload(layout.byteCount(), plannedBytes.applyAsLong(layout), examples), now);
    }

    /** Returns the first time from now on, looking once a minute, at which somebody is there. */
    double whenSomebodyIsThere(ClientDirectory clients, double now) {
        double clock = now;
        for (int retry = 0; retry < MOST_RETRIES; retry++) {
            if (world.available(clients, clock).size() > 0) {
                return clock;
            }
            clock += RETRY_SECONDS;
        }
        throw new IllegalStateException("available clients must be one at least within " + MOST_RETRIES
                + " minutes of simulated second " + now + ", but was 0");
    }

    /** Returns what is known of a client that takes so long and is done then; nothing of one that drops out. */
    static Facts facts(double seconds, double end) {
        return seconds == Double.POSITIVE_INFINITY
                ? Facts.none()
                : Facts.of(ClientTimes.SECONDS, seconds).with(ClientTimes.END, end);
    }
}
