package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.TypeNames;

/**
 * A part of a run that an algorithm has set. Nothing may take its place without a word: half of an algorithm is none.
 *
 * @param owner the algorithm
 * @param name of the part
 * @param value what it was set to
 */
record OwnedPart(Algorithm owner, String name, Object value) {
    private boolean isOf(Algorithm algorithm) {
        return owner == algorithm; // an equal one may be another, with parts of its own
    }

    /** Returns what of a run an algorithm may own, by name. */
    private static Map<String, Object> parts(RunConfig run) {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("selector", run.selector);
        parts.put("aggregator", run.usualAggregator ? null : run.aggregator);
        parts.put("serverOptimizer", run.serverOptimizer);
        parts.put("training", run.training);
        parts.put("clients", run.clientFactory.orElse(null));
        parts.put("sgdClients", run.sgdClients);
        parts.put("codec", run.codec.orElse(null));
        return parts;
    }

    /** Returns what is owned once an algorithm has made one configuration of another. */
    static List<OwnedPart> after(Algorithm algorithm, RunConfig before, RunConfig after) {
        List<OwnedPart> owned = new ArrayList<>(after.owned);
        Map<String, Object> earlier = parts(before);
        parts(after).forEach((name, value) -> {
            if (value != null && value != earlier.get(name)) {
                owned.removeIf(part -> part.isOf(algorithm) && part.name.equals(name));
                owned.add(new OwnedPart(algorithm, name, value));
            }
        });
        return List.copyOf(owned);
    }

    /** Returns the name of the last algorithm that set a part, if one did. */
    static Optional<String> ownerOf(String name, RunConfig run) {
        return run.owned.stream()
                .filter(part -> part.name.equals(name))
                .reduce((first, last) -> last)
                .map(part -> TypeNames.simple(part.owner));
    }

    /** Returns what to say about the first part of an algorithm that is no longer the run's. */
    static Optional<InvalidSettingException> replaced(RunConfig run) {
        return run.owned.stream()
                .flatMap(part -> part.replacement(run).stream()
                        .map(now -> new InvalidSettingException(
                                part.name,
                                "that of " + TypeNames.simple(part.owner)
                                        + ", whose parts do not work without one another",
                                now)))
                .findFirst();
    }

    private Optional<String> replacement(RunConfig run) {
        Object now = name.equals("aggregator") ? run.aggregator : parts(run).get(name);
        if (now != value && (now == null || !now.equals(value))) {
            return Optional.of(describe(now, run));
        }
        boolean trains = name.equals("sgdClients") || name.equals("training");
        return run.clientFactory
                .filter(own -> trains
                        && run.owned.stream().noneMatch(other -> other.isOf(owner) && other.name.equals("clients")))
                .map(own -> describe(own, run) + ", which clients() sets");
    }

    private static String describe(Object value, RunConfig run) {
        return run.owned.stream()
                .filter(part -> part.value == value)
                .reduce((first, last) -> last)
                .map(part -> "that of " + TypeNames.simple(part.owner))
                .orElseGet(() -> TypeNames.simple(value));
    }
}
