package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.TypeNames;

/** Which parts of a run algorithms have set, so that nothing takes the place of one without a word. */
final class AlgorithmParts {
    private final List<Part> parts = new ArrayList<>();
    private Optional<Algorithm> configuring = Optional.empty();

    private record Part(Algorithm owner, String name, Object value) {
        boolean isOf(Algorithm algorithm) {
            return owner == algorithm; // an equal one may be another, with parts of its own
        }
    }

    /** Notes what is set while this runs as parts of the algorithm. */
    void of(Algorithm algorithm, Runnable configure) {
        Optional<Algorithm> outer = configuring;
        configuring = Optional.of(algorithm);
        try {
            configure.run();
        } finally {
            configuring = outer;
        }
    }

    /** Notes that this was set, if by an algorithm, and returns it. */
    <T> T set(String name, T value) {
        configuring.ifPresent(owner -> {
            parts.removeIf(part -> part.isOf(owner) && part.name.equals(name));
            parts.add(new Part(owner, name, value));
        });
        return value;
    }

    /** Returns whether an algorithm has set the part. */
    boolean has(String name) {
        return parts.stream().anyMatch(part -> part.name.equals(name));
    }

    /** Returns the name of the last algorithm that set the part, if one did. */
    Optional<String> ownerOf(String name) {
        return parts.stream()
                .filter(part -> part.name.equals(name))
                .reduce((first, last) -> last)
                .map(part -> TypeNames.simple(part.owner));
    }

    /** Returns what to say about the first part of an algorithm that is no longer the run's. */
    Optional<InvalidSettingException> replaced(SimulationBuilder run) {
        return parts.stream()
                .flatMap(part -> replacement(part, run).stream()
                        .map(now -> new InvalidSettingException(
                                part.name,
                                "that of " + TypeNames.simple(part.owner)
                                        + ", whose parts do not work without one another",
                                now)))
                .findFirst();
    }

    private Optional<String> replacement(Part part, SimulationBuilder run) {
        Object now = switch (part.name) {
            case "training" -> run.training;
            case "clients" -> run.clientFactory.orElse(null);
            case "sgdClients" -> run.sgdClients;
            case "selector" -> run.selector;
            case "aggregator" -> run.aggregator;
            case "serverOptimizer" -> run.serverOptimizer;
            default -> run.codec.orElse(null);
        };
        if (now != part.value && (now == null || !now.equals(part.value))) {
            return Optional.of(describe(now));
        }
        boolean trains = part.name.equals("sgdClients") || part.name.equals("training");
        return run.clientFactory
                .filter(own -> trains
                        && parts.stream().noneMatch(other -> other.isOf(part.owner) && other.name.equals("clients")))
                .map(own -> describe(own) + ", which clients() sets");
    }

    private String describe(Object value) {
        return parts.stream()
                .filter(part -> part.value == value)
                .reduce((first, last) -> last)
                .map(part -> "that of " + TypeNames.simple(part.owner))
                .orElseGet(() -> TypeNames.simple(value));
    }

    AlgorithmParts copy() {
        AlgorithmParts copy = new AlgorithmParts();
        copy.parts.addAll(parts);
        return copy;
    }
}
