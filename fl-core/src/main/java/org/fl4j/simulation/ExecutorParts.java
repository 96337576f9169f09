package org.fl4j.simulation;

import java.util.function.BooleanSupplier;
import org.fl4j.client.ClientProgram;
import org.fl4j.core.ClientStore;
import org.fl4j.data.FederatedDataset;
import org.fl4j.tensor.ParameterLayout;

/**
 * What an executor may know of a run.
 *
 * @param program makes the run's clients, in this process
 * @param layout of the run's model
 * @param data what clients train on
 * @param states what clients kept, and where it is staged what they keep
 * @param failures what a client that fails does to the run
 * @param hashes whether task records carry the hash of the client's update
 * @param cancelled whether the run is to end now
 */
public record ExecutorParts(
        ClientProgram program,
        ParameterLayout layout,
        FederatedDataset data,
        ClientStore states,
        FailurePolicy failures,
        boolean hashes,
        BooleanSupplier cancelled) {}
