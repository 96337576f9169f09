package org.fl4j.world;

import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Clients that are there for one stretch of each day, such as the night, in time zones around the world. A client's
 * stretch is as long each day, and begins in the first hour of its zone's night, more or less; both follow from the
 * seed.
 *
 * @param seed of all clients
 * @param zones how many time zones clients live in, evenly spread over the day and equally likely, at least 1
 * @param meanHours the mean length of a stretch, in (0, 24)
 * @param hourSpread the standard deviation of its length, at least 0; lengths are kept in [1, 24]
 */
public record DiurnalAvailability(Seed seed, int zones, double meanHours, double hourSpread) implements Availability {
    private static final double HOUR = 3600;
    private static final double DAY = 24 * HOUR;

    /** Checks all. */
    public DiurnalAvailability {
        Check.present("seed", seed);
        Check.positive("zones", zones);
        Check.that(meanHours > 0 && meanHours < 24, "meanHours", "in (0, 24)", meanHours);
        Check.notNegative("hourSpread", hourSpread);
    }

    /** Takes 24 zones and stretches of 8 hours with a spread of 2. */
    public DiurnalAvailability(Seed seed) {
        this(seed, 24, 8, 2);
    }

    @Override
    public boolean isAvailable(int client, double seconds) {
        RandomGenerator random = seed.derive("availability").derive(client).generator();
        double begin = random.nextInt(zones) * DAY / zones + random.nextDouble() * HOUR;
        double length = HOUR * Math.max(1, Math.min(24, meanHours + hourSpread * random.nextGaussian()));
        double since = (seconds - begin) % DAY;
        return (since < 0 ? since + DAY : since) < length;
    }
}
