package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.server.CohortRule;

/**
 * Which clients evaluate in a round.
 *
 * @param all who may be chosen
 * @param choice how they are chosen; by default all evaluate
 */
record EvaluatingClients(ClientDirectory all, Optional<Choice> choice) {
    /**
     * How evaluating clients are chosen.
     *
     * @param selector which ones; it is never told of rounds
     * @param count how many, at least 1
     */
    record Choice(ClientSelector selector, int count) {
        Choice {
            Check.present("evaluationSelector", selector);
            Check.positive("evaluationSelector count", count);
        }
    }

    /**
     * Returns those of a round. Their draws have a seed of their own, so they do not follow the cohort that trains.
     *
     * @throws org.fl4j.server.StrategyFailedException if the selector breaks its contract
     */
    List<ClientId> of(RoundContext round) {
        if (choice.isEmpty()) {
            return IntStream.range(0, all.size()).mapToObj(all::id).toList();
        }
        RoundContext own = new RoundContext(
                round.number(), round.runSeed().derive("client evaluation"), all.size(), round.updates());
        return CohortRule.select(choice.get().selector(), all, choice.get().count(), own, StrategyState.empty());
    }
}
