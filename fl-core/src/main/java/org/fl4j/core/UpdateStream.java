package org.fl4j.core;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundPlan;

/**
 * The updates of a round, as a server gets them: one after another in cohort order, or folded in blocks. To be read
 * once, in one of the two ways.
 */
@FunctionalInterface
public interface UpdateStream extends Iterable<ModelUpdate> {
    /**
     * Folds the updates in blocks of {@link RoundPlan#blockSize} positions of the plan's cohort: each block has a part
     * of its own, and parts are merged in the order of the blocks. So the same numbers are added in the same order,
     * wherever the parts are made. By default they are made here, of one update after another.
     */
    default void fold(RoundPlan plan, Fold fold) {
        Map<ClientId, Integer> positions = new HashMap<>();
        plan.cohort().forEach(client -> positions.put(client, positions.size()));
        int block = -1;
        Optional<Fold.Part> part = Optional.empty();
        for (ModelUpdate update : this) {
            int of = positions.get(update.client()) / plan.blockSize();
            if (of != block) {
                part.ifPresent(fold::merge);
                part = Optional.of(fold.begin());
                block = of;
            }
            part.get().take(update);
            if (!fold.wantsMore()) {
                break;
            }
        }
        part.ifPresent(fold::merge);
    }
}
