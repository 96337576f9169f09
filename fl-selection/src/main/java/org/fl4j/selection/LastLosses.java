package org.fl4j.selection;

import java.util.List;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;

/**
 * The losses that clients had when they last trained: infinite for those that never did, 0 for those that never did and
 * were not waited for.
 *
 * @param name of the column
 */
record LastLosses(String name) {
    ClientColumn of(StrategyState state, RoundContext round) {
        return ColumnUpdate.column(state, name, round.clientCount(), Float.POSITIVE_INFINITY);
    }

    StrategyState learned(StrategyState state, List<Receipt> receipts, RoundContext round) {
        ClientColumn told = ColumnUpdate.changed(
                of(state, round),
                Learned.accepted(receipts),
                (old, known) -> known.find(TrainingFacts.LOSS).orElse((double) old));
        return state.with(
                name,
                ColumnUpdate.changed(told, Learned.missed(receipts), (old, late) -> Float.isFinite(old) ? old : 0));
    }
}
