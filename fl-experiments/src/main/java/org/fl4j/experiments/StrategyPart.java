package org.fl4j.experiments;

import java.util.Optional;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;

/** How clients and server work. */
final class StrategyPart {
    private final Values values;

    StrategyPart(Values values) {
        this.values = values;
    }

    static void check(Values values, int trainingClients) {
        boolean attacked = values.has("attack") || values.has("poison");
        Check.inRange(
                "byzantine",
                attacked ? 1 : 0,
                attacked ? trainingClients : 0,
                values.whole("byzantine").orElse(0));
    }

    private int attackers() {
        return values.whole("byzantine").orElse(0);
    }

    private Optional<Adversary> adversary(String path) {
        return values.named(path, Adversary.class);
    }

    /** Returns the data of clients, some of it falsified if that was asked for. */
    FederatedDataset poisoned(FederatedDataset clean) {
        return adversary("poison").map(how -> how.poisoned(clean, attackers())).orElse(clean);
    }

    /** Puts whole algorithms into a run, which set parts that others may replace. */
    void putAlgorithms(SimulationBuilder builder) {
        builder.selector(values.names().parse(ClientSelector.class, "uniform"))
                .aggregator(values.names().parse(Aggregator.class, "fedavg"));
        values.named("algorithm", Algorithm.class).ifPresent(builder::algorithm);
        values.named("privacy", Algorithm.class).ifPresent(builder::algorithm);
    }

    /** Puts single parts into a run. */
    void putParts(SimulationBuilder builder) {
        values.named("selector", ClientSelector.class).ifPresent(builder::selector);
        values.named("aggregator", Aggregator.class).ifPresent(builder::aggregator);
        adversary("attack").ifPresent(how -> builder.aroundAggregator(defence -> how.attacked(defence, attackers())));
        values.named("serverOptimizer", ServerOptimizer.class).ifPresent(builder::serverOptimizer);
        values.named("uploadTransform", UpdateTransform.class).ifPresent(builder::uploadTransform);
        values.named("codec", Codec.class).ifPresent(builder::codec);
        if (values.has("updates.minimum") || values.has("updates.buffer")) {
            builder.updates(UpdatePolicy.all()
                    .bufferSize(values.whole("updates.buffer").orElse(Integer.MAX_VALUE))
                    .minimumUpdates(values.whole("updates.minimum").orElse(0)));
        }
    }
}
