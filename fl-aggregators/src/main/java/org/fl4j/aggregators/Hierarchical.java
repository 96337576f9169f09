package org.fl4j.aggregators;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ForwardingAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;

/**
 * Aggregates in two tiers: each group of clients has an aggregator of its own, an edge server, and what groups have
 * folded is merged. The weights of clients are the same at every tier, so the result is that of one tier, up to the
 * order of additions. To nest tiers, nest this.
 *
 * @param aggregator the rule of every tier
 * @param group the edge server of a client, at least 0
 */
public record Hierarchical(Aggregator aggregator, ToIntFunction<ClientId> group)
        implements ForwardingAggregator, RunCheck {
    /** Checks for presence. */
    public Hierarchical {
        Check.present("aggregator", aggregator);
        Check.present("group", group);
    }

    /** Deals clients out to so many edge servers by their index. */
    public Hierarchical(Aggregator aggregator, int groups) {
        this(aggregator, client -> client.index() % Check.positive("groups", groups));
    }

    @Override
    public void verify(Algorithm.Parts parts) {
        if (aggregator instanceof RunCheck check) {
            check.verify(parts);
        }
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new Tiers(round, state);
    }

    private final class Tiers implements Aggregation {
        private final RoundContext round;
        private final ServerState state;
        private final Aggregation top;
        private final Map<Integer, Aggregation> edges = new TreeMap<>();

        Tiers(RoundContext round, ServerState state) {
            this.round = round;
            this.state = state;
            top = aggregator.begin(round, state);
        }

        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            return top.onModelUpdate(update);
        }

        @Override
        public void add(ModelUpdate update) {
            int edge = Check.atLeast("group of " + update.client(), 0, group.applyAsInt(update.client()));
            edges.computeIfAbsent(edge, key -> aggregator.begin(round, state)).add(update);
        }

        @Override
        public void merge(Aggregation other) {
            ((Tiers) other).mergeEdges();
            top.merge(((Tiers) other).top);
        }

        private void mergeEdges() {
            edges.values().forEach(top::merge);
            edges.clear();
        }

        @Override
        public Aggregate combine() {
            mergeEdges();
            return top.combine();
        }
    }
}
