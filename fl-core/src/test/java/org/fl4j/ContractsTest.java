package org.fl4j;

import static java.util.Map.entry;

import java.util.Map;
import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {
    @Override
    protected Map<String, String> exceptions() {
        return Map.ofEntries(
                entry(
                        "org.fl4j.simulation.WorkerExecutor",
                        "every run without another executor has it: WorkerExecutorTest"),
                entry(
                        "org.fl4j.simulation.BlockExecutor",
                        "runs whose clients train in blocks have it: WorkerExecutorTest"),
                entry(
                        "org.fl4j.core.UpdateTransform$Chain",
                        "two transforms, one after the other: UpdateTransformTest"),
                entry("org.fl4j.simulation.GuardedServer", "around the server of every run"),
                entry(
                        "org.fl4j.simulation.ServerStack$Asked",
                        "around the server in the layer BASE of every run that has one"),
                entry("org.fl4j.simulation.ServerStack$Asking", "around all servers of such a run"),
                entry("org.fl4j.simulation.SettingsServer", "changes settings of tasks alone: MonitoredRunTest"),
                entry("org.fl4j.simulation.WatchedAggregator", "around the aggregator of every algorithm"),
                entry("org.fl4j.client.TaskData", "around the data of every worker"),
                entry("org.fl4j.data.NoisyDataset", "a view of another data set: MorePartitionersTest"),
                entry("org.fl4j.data.FilePartitioner", "what was written, read back: MorePartitionersTest"),
                entry("org.fl4j.data.OwnersPartitioner", "goes by the data set: MorePartitionersTest"),
                entry("org.fl4j.data.HeldOutClients", "a view of another data set: LocalSplitTest"),
                entry("org.fl4j.data.LocalSplitter$Part", "a view of another data set: LocalSplitTest"));
    }
}
