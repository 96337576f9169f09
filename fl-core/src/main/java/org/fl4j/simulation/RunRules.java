package org.fl4j.simulation;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fl4j.internal.Check;
import org.fl4j.internal.TypeNames;
import org.fl4j.message.RoundContext;

/**
 * What a configuration is held to before a run is made of it.
 *
 * @param run the configuration
 */
record RunRules(RunConfig run) {
    private static final int MOST_WORKERS = 1024; // each has a model and a thread

    /**
     * Checks the configuration.
     *
     * @throws NullPointerException if required parts are missing; the message names them all
     * @throws IllegalArgumentException if a value is out of range, or parts do not go together
     */
    void check() {
        requireParts();
        requireCounts();
        requireTogether();
    }

    private void requireCounts() {
        run.listeners.forEach(listener -> Check.present("listener", listener));
        int clients = run.data.clients().size();
        Check.inRange("cohortSize", 1, clients, run.cohortSize);
        Check.that(
                run.cohortSize >= run.aggregator.minimumUpdates() || run.staleness.isPresent(),
                "cohortSize",
                "at least what the aggregator needs, " + run.aggregator.minimumUpdates(),
                run.cohortSize);
        Check.positive("rounds", run.rounds);
        run.askedBlockSize.ifPresent(size -> Check.positive("blockSize", size));
        run.evaluatingClients()
                .ifPresent(evaluating -> Check.that(
                        evaluating.all().size() >= clients,
                        "clients of clientEvaluation",
                        "at least as many as train, " + clients,
                        evaluating.all().size()));
        Check.that(
                run.evaluatingChoice.isEmpty() || run.clientEvaluationData != null,
                "evaluationSelector",
                "left out without clientEvaluation",
                run.evaluatingChoice.map(EvaluatingClients.Choice::selector).orElse(null));
        run.evaluatingClients().ifPresent(this::requireChoice);
        Check.positive("workers", run.workers);
        Check.that(run.workers <= MOST_WORKERS, "workers", "at most " + MOST_WORKERS, run.workers);
        Check.positive("evaluateEvery", run.evaluateEvery);
        run.evaluateClientsEvery.ifPresent(every -> Check.positive("clientEvaluation everyRounds", every));
        Check.positive("checkpoint everyRounds", run.checkpointEvery);
        Check.that(
                !run.resume || run.checkpoints.isPresent(),
                "resume",
                "false without a checkpoint directory",
                run.resume);
    }

    /** Asks the selector once, so that what it refuses is refused before the run. */
    private void requireChoice(EvaluatingClients evaluating) {
        if (evaluating.choice().isPresent()) {
            evaluating.of(new RoundContext(1, run.seed, evaluating.all().size()));
        }
    }

    /** Shows the finished configuration to the algorithms, and to parts that check others. */
    private void requireTogether() {
        requireDeltas();
        Algorithm.Parts parts = new Algorithm.Parts(run);
        run.algorithms.forEach(algorithm -> algorithm.verify(parts));
        Stream.of(
                        Stream.of(
                                run.selector, run.aggregator, run.serverOptimizer, run.uploadTransform, run.sgdClients),
                        run.clientFactory.stream(),
                        run.codec.stream(),
                        run.servers.stream().map(PlacedServer::decorator))
                .flatMap(part -> part)
                .filter(RunCheck.class::isInstance)
                .forEach(part -> ((RunCheck) part).verify(parts));
    }

    /** Refuses what changes deltas where clients send none. */
    private void requireDeltas() {
        Check.that(
                !run.uploadTransform.readsDelta() || run.aggregator.readsDelta(),
                "aggregator of a run with an uploadTransform that reads deltas",
                "one that reads them too, for clients send none otherwise",
                TypeNames.simple(run.aggregator));
        Check.that(
                run.codec.isEmpty() || run.aggregator.readsDelta(),
                "aggregator of a run with a codec",
                "one that reads deltas, which codecs encode",
                TypeNames.simple(run.aggregator));
    }

    /** Names all parts that are missing, and not one after another. */
    private void requireParts() {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("task", run.task);
        parts.put("data", run.data);
        parts.put("selector", run.selector);
        parts.put("aggregator", run.aggregator);
        if (run.clientFactory.isEmpty()) {
            parts.put("training", run.training);
        }
        parts.put("serverOptimizer", run.serverOptimizer);
        parts.put("uploadTransform", run.uploadTransform);
        parts.put("devices", run.devices);
        parts.put("updates", run.updates);
        parts.put("updateStore", run.updateStore);
        parts.put("sgdClients", run.sgdClients);
        parts.put("failurePolicy", run.failurePolicy);
        parts.put("execution", run.execution);
        String missing = parts.entrySet().stream()
                .filter(part -> part.getValue() == null)
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            throw new NullPointerException(missing + " must not be null");
        }
    }
}
