package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.client.TrainedBlock;
import org.fl4j.core.BlockSums;
import org.fl4j.core.SumRule;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.server.UpdateIntake;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterVector;

/**
 * Judges and sums the updates of one block of clients where they are made, on a worker or in another process, as the
 * server would. For one thread. See {@link PortableProgram.Opened#sum}.
 */
public final class BlockFold implements AutoCloseable {
    private static final Payload NOTHING = new Payload(Optional.empty(), Map.of());

    private final ClaimRule claims;
    private final SumRule.Sums sums;
    private final UpdateIntake intake;
    private final List<Receipt> receipts = new ArrayList<>(); // of those that the intake has judged
    private final Map<ClientId, Long> sizes = new TreeMap<>();
    private final List<Rejection> falseClaims = new ArrayList<>();

    BlockFold(ClaimRule claims, SumRule rule, SharedMessage sent) {
        this.claims = claims;
        sums = rule.part(sent);
        ServerState state = new ServerState(sent.modelVersion(), sent.model(), StrategyState.empty());
        intake = new UpdateIntake(
                state, UpdatePolicy.all(), /* maxStaleness= */ 0, rule.readsDelta(), rule.takesSlices());
    }

    /**
     * Judges an update, adds it if it is accepted, and frees it.
     *
     * @param task what its client was asked
     */
    public void take(ModelUpdate update, TrainingTask task) {
        long size = update.payload().byteCount();
        sizes.put(update.client(), size);
        Optional<String> fault = claims.fault(update, task.slice());
        if (fault.isPresent()) {
            falseClaims.add(new Rejection(update.client(), RejectionReason.FALSE_CLAIM, fault.get()));
            update.close();
            return;
        }
        receipts.add(update.receipt().with(Receipt.Outcome.SENT, size));
        intake.take(List.of(update), sums::onModelUpdate, sums::add);
        sums.sums().tensors().values().forEach(NDScope::unregister); // they outlive the scope of this client
    }

    /**
     * Judges the updates of clients that trained together, and adds those that are accepted.
     *
     * @param owner owns the sums
     */
    void take(TrainedBlock block, NDManager owner) {
        long size = block.byteCount();
        List<ModelUpdate> accepted = new ArrayList<>();
        int[] rows = new int[block.members().size()];
        for (TrainedBlock.Member member : block.members()) {
            if (member.receipt().isEmpty()) {
                continue; // it failed
            }
            ModelUpdate update =
                    ClientCall.measured(new ModelUpdate(member.receipt().get(), NOTHING, Map.of()));
            sizes.put(update.client(), size);
            Optional<String> fault = claims.fault(update, Optional.empty());
            if (fault.isPresent()) {
                falseClaims.add(new Rejection(update.client(), RejectionReason.FALSE_CLAIM, fault.get()));
                continue;
            }
            Receipt sent = update.receipt().with(Receipt.Outcome.SENT, size);
            receipts.add(sent);
            if (intake.accepts(update.with(sent), block.isFinite(member))) {
                rows[accepted.size()] = member.row();
                accepted.add(update);
            }
        }
        sums.addRows(accepted, block.deltas(), Arrays.copyOf(rows, accepted.size()));
        sums.sums().tensors().values().forEach(array -> ParameterVector.keep(array, owner));
    }

    /** Returns what the updates have come to; the arrays are still this fold's. */
    public BlockSums result() {
        List<Receipt> accepted = new ArrayList<>();
        List<Receipt> refused = new ArrayList<>();
        receipts.forEach(
                receipt -> (intake.accepted().containsKey(receipt.client()) ? accepted : refused).add(receipt));
        return new BlockSums(accepted, refused, intake.rejected(), falseClaims, sizes, sums.sums());
    }

    /** Frees the sums. */
    @Override
    public void close() {
        sums.sums().tensors().values().forEach(NDArray::close);
    }
}
