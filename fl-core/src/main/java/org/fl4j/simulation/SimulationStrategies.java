package org.fl4j.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.execution.ClientPriority;
import org.fl4j.execution.PriorityRule;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.server.FedAvg;

/** The names of federated averaging as a whole algorithm, of listeners, stop rules and priorities. */
public final class SimulationStrategies implements StrategyProvider {
    /** Federated averaging; another aggregator may be asked for. */
    private record Averaging(UpdateWeighting weighting) implements Algorithm {
        @Override
        public Parts on(Parts parts) {
            return parts.usualAggregator(new FedAvg(weighting));
        }
    }

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(
                        Algorithm.class,
                        "fedavg",
                        p -> new Averaging(p.choice("weighting", UpdateWeighting.Named.EXAMPLES))),
                listener("log", p -> directory -> new LogListener()),
                listener("csv", SimulationStrategies::csv),
                listener("json-lines", p -> {
                    String file = p.text("file", "rounds.jsonl");
                    return directory -> new JsonLinesListener(directory.resolve(file));
                }),
                listener("task-lines", p -> {
                    String file = p.text("file", "tasks.jsonl");
                    return directory -> new TaskJsonLines(directory.resolve(file));
                }),
                listener("task-log", p -> {
                    String file = p.text("file", "tasks.log");
                    return directory -> new TaskLog(directory.resolve(file));
                }),
                new NamedStrategy<>(PriorityRule.class, "cohort", p -> clients -> ClientPriority.same()),
                new NamedStrategy<>(PriorityRule.class, "largest-first", p -> ClientPriority::largestFirst),
                new NamedStrategy<>(
                        StopRule.class,
                        "target",
                        p -> StopRule.targetReached(p.text("metric", "test/accuracy"), p.number("value", 0.9))),
                new NamedStrategy<>(
                        StopRule.class,
                        "no-improvement",
                        p -> StopRule.noImprovement(
                                p.text("metric", "test/accuracy"),
                                p.integer("patience", 10),
                                p.number("minimumGain", 0))));
    }

    private static NamedStrategy<?> listener(String name, Function<Parameters, ListenerFactory> make) {
        return new NamedStrategy<>(ListenerFactory.class, name, make);
    }

    /** Names of metrics may have spaces in them, but no semicolons. */
    private static ListenerFactory csv(Parameters parameters) {
        String file = parameters.text("file", "rounds.csv");
        List<String> metrics = Arrays.stream(parameters
                        .text("metrics", "train/loss;test/loss;test/accuracy")
                        .split(";"))
                .map(String::strip)
                .toList();
        return directory -> new CsvListener(directory.resolve(file), metrics);
    }
}
