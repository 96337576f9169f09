package org.fl4j.world;

import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/** The device of each client, the same in every round; durations follow from the work. */
@FunctionalInterface
public interface DeviceProfiles {
    /** Returns a client's device. */
    DeviceProfile profile(ClientId client);

    /** Returns how long clients with these devices take. */
    default ClientDurations durations() {
        return (client, round, work) -> profile(client).seconds(work);
    }

    /** Returns the same device for all. */
    static DeviceProfiles same(DeviceProfile profile) {
        Check.present("profile", profile);
        return client -> profile;
    }

    /** Returns a list's devices, client k having the k-th, and so on from the start again. */
    static DeviceProfiles listed(List<DeviceProfile> profiles) {
        List<DeviceProfile> copy = List.copyOf(profiles);
        Check.that(!copy.isEmpty(), "profiles", "at least one", copy.size());
        return client -> copy.get(client.index() % copy.size());
    }
}
