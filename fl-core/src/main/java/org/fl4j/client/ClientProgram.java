package org.fl4j.client;

import ai.djl.Device;
import org.fl4j.message.ClientStates;

/**
 * What makes the clients of a run, wherever they run: model, data, client classes and upload transforms. A run makes it
 * of its parts, which may be any objects and stay in this process.
 */
@FunctionalInterface
public interface ClientProgram {
    /** Opens a host on a device, whose clients read what they kept from {@code states}. */
    ClientHost open(Device device, ClientStates states);
}
