package org.fl4j.world;

import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;

/**
 * Devices whose speed and bandwidth are log-normal, independently: {@code median * exp(spread * N(0, 1))}. Nothing is
 * kept; each client's device follows from the seed.
 *
 * @param seed of all devices
 * @param median the median device
 * @param computeSpread the standard deviation of the logarithm of seconds an example, at least 0
 * @param bandwidthSpread the same of the bandwidths; up and down of a client share one draw; at least 0
 */
public record LogNormalDevices(Seed seed, DeviceProfile median, double computeSpread, double bandwidthSpread)
        implements DeviceProfiles {
    /** Checks all. */
    public LogNormalDevices {
        Check.present("seed", seed);
        Check.present("median", median);
        Check.notNegative("computeSpread", computeSpread);
        Check.notNegative("bandwidthSpread", bandwidthSpread);
    }

    /** Takes 10 ms an example, 1 MB/s down and 0.5 MB/s up as medians, and spreads of 1. */
    public LogNormalDevices(Seed seed) {
        this(seed, new DeviceProfile(.01, 1e6, 5e5), 1, 1);
    }

    @Override
    public DeviceProfile profile(ClientId client) {
        RandomGenerator random = seed.derive("device").derive(client.index()).generator();
        double compute = Math.exp(computeSpread * random.nextGaussian());
        double bandwidth = Math.exp(bandwidthSpread * random.nextGaussian());
        return new DeviceProfile(
                median.secondsPerExample() * compute,
                median.downBytesPerSecond() * bandwidth,
                median.upBytesPerSecond() * bandwidth);
    }
}
