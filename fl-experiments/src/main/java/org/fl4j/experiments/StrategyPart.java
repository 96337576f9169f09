package org.fl4j.experiments;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
import org.fl4j.simulation.WritingAlgorithm;

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

    /** Returns the adversaries that were asked for; each may falsify examples, updates, or both. */
    private List<Adversary> adversaries() {
        return Stream.of("attack", "poison")
                .flatMap(path -> values.named(path, Adversary.class).stream())
                .toList();
    }

    /** Returns the data of clients, some of it falsified if that was asked for. */
    FederatedDataset poisoned(FederatedDataset clean) {
        FederatedDataset data = clean;
        for (Adversary adversary : adversaries()) {
            data = adversary.poisoned(data, attackers());
        }
        return data;
    }

    /** Puts whole algorithms into a run, which set parts that others may replace. */
    void putAlgorithms(SimulationBuilder builder, Optional<Path> directory) {
        builder.selector(values.names().parse(ClientSelector.class, "uniform"))
                .aggregator(values.names().parse(Aggregator.class, "fedavg"));
        for (String path : List.of("algorithm", "privacy")) {
            values.named(path, Algorithm.class).ifPresent(named -> builder.algorithm(placed(named, directory)));
        }
    }

    /** Tells an algorithm that writes files where they go. */
    private static Algorithm placed(Algorithm named, Optional<Path> directory) {
        return named instanceof WritingAlgorithm writing && directory.isPresent()
                ? writing.in(directory.get().resolve("privacy"))
                : named;
    }

    boolean writesFiles() {
        return Stream.of("algorithm", "privacy")
                .flatMap(path -> values.named(path, Algorithm.class).stream())
                .anyMatch(WritingAlgorithm.class::isInstance);
    }

    /** Puts single parts into a run. */
    void putParts(SimulationBuilder builder) {
        values.named("selector", ClientSelector.class).ifPresent(builder::selector);
        values.named("aggregator", Aggregator.class).ifPresent(builder::aggregator);
        adversaries().forEach(how -> builder.aroundAggregator(defence -> how.attacked(defence, attackers())));
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
