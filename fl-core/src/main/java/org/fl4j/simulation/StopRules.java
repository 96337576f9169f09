package org.fl4j.simulation;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.fl4j.internal.Check;
import org.fl4j.message.UpdateStore;
import org.fl4j.metrics.Metrics;

/**
 * Checks before the first round that what a stop rule waits for is measured: a misspelt name would never stop a run.
 */
final class StopRules {
    private StopRules() {}

    /**
     * Checks the names of a run's stop rule. Those that the library does not know beforehand, such as an aggregator's
     * own, are looked for in what a first round measures whose result is thrown away.
     *
     * @throws IllegalArgumentException if a metric does not exist; the message lists those that do
     */
    static void requireMeasured(RunConfig setup, BooleanSupplier isOver) {
        Set<String> unknown = new TreeSet<>(setup.stopRule.metrics());
        unknown.removeAll(central(setup));
        if (unknown.isEmpty()) {
            return;
        }
        Set<String> known = new TreeSet<>(central(setup));
        known.addAll(ofFirstRound(setup, isOver));
        unknown.forEach(name -> Check.oneOf("metric of the stop rule", known, name));
    }

    private static Set<String> central(RunConfig setup) {
        Set<String> names = new TreeSet<>();
        if (setup.testData != null) {
            names.add("test/loss");
            setup.task.metrics().keySet().forEach(name -> names.add("test/" + name));
        }
        return names;
    }

    private static Set<String> ofFirstRound(RunConfig setup, BooleanSupplier isOver) {
        EvaluationPlan everything = new EvaluationPlan(
                /* centralEvery= */ 1, setup.evaluateClientsEvery, setup.evaluatingClients(), /* lastRound= */ 1);
        OpenRun.Scope scope = new OpenRun.Scope(
                new InMemoryClientStates(), UpdateStore.inMemory(), everything, round -> Optional.empty());
        return OpenRun.of(setup, scope, isOver, run -> {
            try {
                Metrics measured = run.next(run.initial()).report().metrics();
                return new TreeSet<>(measured.values().keySet());
            } finally {
                run.states().close();
            }
        });
    }
}
