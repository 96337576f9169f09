package org.fl4j.privacy;

import static java.util.Map.entry;

import java.util.Map;
import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {
    @Override
    protected Map<String, String> exceptions() {
        return Map.ofEntries(
                entry(
                        "org.fl4j.privacy.central.CentralDp$CentralDpAggregator",
                        "a noisy sum, and no mean: CentralDpTest"),
                entry(
                        "org.fl4j.privacy.central.CentralDp$ClipToReceivedBound",
                        "reads the bound from the task: CentralDpTest"),
                entry(
                        "org.fl4j.privacy.central.FixedSizeSelector",
                        "chooses as many as are accounted for, and from all clients: CentralDpTest"),
                entry("org.fl4j.privacy.central.PoissonSelector", "tosses a coin for each client: CentralDpTest"),
                entry("org.fl4j.privacy.ftrl.DpFtrl$ClippedAlone", "refuses models with buffers: DpFtrlTest"),
                entry("org.fl4j.privacy.ftrl.DpFtrl$DpFtrlAggregator", "a noisy sum, and no mean: DpFtrlTest"),
                entry("org.fl4j.privacy.ftrl.EpochSelector", "clients take turns, from all clients: DpFtrlTest"),
                entry("org.fl4j.privacy.local.DpSgdClient", "adds noise to each step: DpSgdTest"),
                entry(
                        "org.fl4j.privacy.local.LedgerServer",
                        "leaves out who cannot pay: LocalDpTest and RebuiltServersTest"),
                entry("org.fl4j.privacy.local.LocalDp$Release", "refuses models with buffers: LocalDpTest"),
                entry("org.fl4j.privacy.local.NoisyUpload", "refuses models with buffers: NoisyUploadTest"),
                entry(
                        "org.fl4j.privacy.secure.DistributedDp$DistributedDpAggregator",
                        "a sum on a grid, and no mean: DistributedDpTest"),
                entry(
                        "org.fl4j.privacy.secure.DistributedDp$NoisyGrid",
                        "refuses models with buffers: DistributedDpTest"),
                entry(
                        "org.fl4j.privacy.secure.SecureMean",
                        "rounds to fixed point, beyond the precision of the contract: SecureMeanTest"));
    }
}
