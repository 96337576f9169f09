package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.fl4j.client.ClientProgram;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientStore;
import org.fl4j.tensor.ParameterLayout;

/**
 * What an executor may know of a run.
 *
 * @param program makes the run's clients, in this process
 * @param identity what the bits of updates depend on, as texts by name: model, data, training, client classes, upload
 *     transforms, and the kind of machine
 * @param layout of the run's model
 * @param states what clients kept, and where it is staged what they keep
 * @param failures what a client that fails does to the run
 * @param hashes whether task records carry the hash of the client's update
 * @param blocks whether the clients of each of the plan's blocks are given to {@link
 *     org.fl4j.client.ClientHost#trainBlock} together
 * @param cancelled whether the run is to end now
 */
public record ExecutorParts(
        ClientProgram program,
        SortedMap<String, String> identity,
        ParameterLayout layout,
        ClientStore states,
        FailurePolicy failures,
        boolean hashes,
        boolean blocks,
        BooleanSupplier cancelled) {
    /** Copies the map. */
    public ExecutorParts {
        identity = Collections.unmodifiableSortedMap(new TreeMap<>(identity));
    }

    /** Describes a part of a run as texts by name, by which another process finds out whether it has the same. */
    public static SortedMap<String, String> describe(Object part) {
        return Collections.unmodifiableSortedMap(
                new Fingerprint().add("part", part).parts());
    }

    /**
     * Checks that clients elsewhere are those of this run, on the same kind of machine.
     *
     * @param there their identity, such as {@link PortableProgram.Opened#identity}
     * @throws IllegalArgumentException if not; the message names every part that differs, such as a client class that
     *     has no name by which the other process could make it
     */
    public void requireSame(Map<String, String> there) {
        TreeSet<String> names = new TreeSet<>(identity.keySet());
        names.addAll(there.keySet());
        List<String> differences = new ArrayList<>();
        for (String name : names) {
            String here = identity.getOrDefault(name, "absent");
            String other = there.getOrDefault(name, "absent");
            if (!here.equals(other)) {
                differences.add(name + " is " + here + " in the run and " + other + " there");
            }
        }
        Check.that(
                differences.isEmpty(),
                "clients in another process",
                "made of the same parts as those of the run",
                differences);
    }
}
