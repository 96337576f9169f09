package org.fl4j.world;

import org.fl4j.internal.Check;

/**
 * How fast a device is.
 *
 * @param secondsPerExample of training, forward and backward, positive
 * @param downBytesPerSecond positive
 * @param upBytesPerSecond positive
 */
public record DeviceProfile(double secondsPerExample, double downBytesPerSecond, double upBytesPerSecond) {
    private static final double BYTES_OF_A_KILOBIT = 128; // of 1024 bits, as in FedScale

    /** Checks all. */
    public DeviceProfile {
        Check.positive("secondsPerExample", secondsPerExample);
        Check.positive("downBytesPerSecond", downBytesPerSecond);
        Check.positive("upBytesPerSecond", upBytesPerSecond);
    }

    /**
     * Returns the profile that FedScale's trace gives a client: training on an example takes three times its inference.
     *
     * @param computation milliseconds of inference an example, positive
     * @param communication bandwidth up and down, in kbit/s, positive
     */
    public static DeviceProfile ofFedScale(double computation, double communication) {
        Check.positive("computation", computation);
        Check.positive("communication", communication);
        double bytes = communication * BYTES_OF_A_KILOBIT;
        return new DeviceProfile(3 * computation / 1000, bytes, bytes);
    }

    /** Returns how long the work takes: download, training, upload. */
    public double seconds(Workload work) {
        return work.bytesDown() / downBytesPerSecond
                + work.examples() * secondsPerExample
                + work.bytesUp() / upBytesPerSecond;
    }
}
