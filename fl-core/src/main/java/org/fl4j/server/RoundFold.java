package org.fl4j.server;

import java.util.Optional;
import java.util.function.Supplier;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.BlockSums;
import org.fl4j.core.Fold;
import org.fl4j.core.SumRule;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.FlightEvents;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;

/** Folds a round's updates with an aggregator, as an intake admits them. */
final class RoundFold implements Fold {
    private final Aggregator aggregator;
    private final RoundContext round;
    private final ServerState state;
    private final RoundPlan plan;
    private final UpdateIntake intake;
    private final Aggregation whole;

    RoundFold(Aggregator aggregator, RoundContext round, ServerState state, RoundPlan plan, UpdateIntake intake) {
        this.aggregator = aggregator;
        this.round = round;
        this.state = state;
        this.plan = plan;
        this.intake = intake;
        whole = aggregation();
    }

    private Aggregation aggregation() {
        return ask("begin", () -> aggregator.begin(round, state));
    }

    private <T> T ask(String method, Supplier<T> call) {
        return StrategyCall.ask(round.number(), "aggregator", aggregator, method, call);
    }

    private void run(String method, Runnable call) {
        StrategyCall.run(round.number(), "aggregator", aggregator, method, call);
    }

    /** Reads the updates, one by one or in the plan's blocks, and returns what they have come to. */
    Aggregation of(UpdateStream updates) {
        if (plan.blockSize() > 1) {
            updates.fold(plan, this);
            return whole;
        }
        Part one = new BlockPart(whole);
        for (ModelUpdate update : updates) {
            one.take(update);
            if (!wantsMore()) {
                break;
            }
        }
        return whole;
    }

    private final class BlockPart implements Part {
        private final Aggregation sums;

        BlockPart(Aggregation sums) {
            this.sums = sums;
        }

        @Override
        public void take(ModelUpdate update) {
            FlightEvents.Fold event =
                    new FlightEvents.Fold(round.number(), update.client().index());
            try {
                intake.take(
                        update,
                        seen -> ask("onModelUpdate", () -> sums.onModelUpdate(seen)),
                        seen -> run("add", () -> sums.add(seen)));
            } finally {
                event.commit();
            }
        }
    }

    @Override
    public Part begin() {
        return new BlockPart(aggregation());
    }

    @Override
    public void merge(Part part) {
        run("merge", () -> whole.merge(((BlockPart) part).sums));
    }

    @Override
    public void merge(BlockSums part) {
        int first = part.sizes().keySet().stream()
                .mapToInt(ClientId::index)
                .findFirst()
                .orElse(-1);
        FlightEvents.Fold event = new FlightEvents.Fold(round.number(), first);
        try (part) {
            intake.take(part);
            if (!part.accepted().isEmpty()) {
                run("merge", () -> ((SumRule.Sums) whole).merge(part.sums()));
            }
        } finally {
            event.commit();
        }
    }

    @Override
    public boolean wantsMore() {
        return intake.wantsMore();
    }

    @Override
    public Optional<SumRule> rule() {
        boolean anywhere = aggregator instanceof SumRule
                && whole instanceof SumRule.Sums
                && plan.shared().size() == 1
                && plan.facts().isEmpty() // the server knows something of clients that is part of their updates
                && intake.takesAllOf(plan.cohort().size());
        return anywhere ? Optional.of((SumRule) aggregator) : Optional.empty();
    }
}
