package org.fl4j.message;

import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.internal.Sha256;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * All that a run carries from one round to the next; a checkpoint is this value on disk.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param round how many rounds are behind it; 0 for the initial state
 * @param models the models by name; one of them is the global model, {@link #MODEL}. Others, of the same layout, are
 *     those of clusters, say
 * @param strategy what strategies remember
 */
public record ServerState(int round, Map<String, ParameterVector> models, StrategyState strategy) {
    /** The name of the global model. */
    public static final String MODEL = "model";

    /** Checks for presence. */
    public ServerState {
        Check.atLeast("round", 0, round);
        models = Collections.unmodifiableMap(new TreeMap<>(models));
        Check.present("model", models.get(MODEL));
        models.keySet().forEach(name -> Check.that(!name.contains("\n"), "name of a model", "one line", name));
        Check.present("strategy", strategy);
    }

    /** Has the global model alone. */
    public ServerState(int round, ParameterVector model, StrategyState strategy) {
        this(round, Map.of(MODEL, Check.present("model", model)), strategy);
    }

    /** Returns the global model. */
    public ParameterVector model() {
        return models.get(MODEL);
    }

    /** Returns a model, if the state has one of that name. */
    public Optional<ParameterVector> model(String name) {
        return Optional.ofNullable(models.get(name));
    }

    /**
     * Returns the state after this one's round and another, with a new global model; the other models stay as they are.
     */
    public ServerState next(ParameterVector model, StrategyState nextStrategy) {
        return next(Map.of(MODEL, model), nextStrategy);
    }

    /** Returns the state after this one's round and another; models that are not named stay as they are. */
    public ServerState next(Map<String, ParameterVector> changed, StrategyState nextStrategy) {
        Map<String, ParameterVector> all = new TreeMap<>(models);
        all.putAll(changed);
        return new ServerState(round + 1, all, nextStrategy);
    }

    /** Returns the same state, in which strategies remember something else. */
    public ServerState withStrategy(StrategyState other) {
        return new ServerState(round, models, other);
    }

    /**
     * Returns the SHA-256 of the whole state, in hexadecimal digits: of round, models, and what strategies remember.
     */
    public String sha256() {
        Sha256 hash = new Sha256().add(round);
        models.forEach((name, model) -> hash.add(name).add(model.sha256()));
        strategy.tensors()
                .forEach((name, array) -> hash.add(name)
                        .add(array.getDataType() + " " + array.getShape())
                        .add(Tensors.sha256(List.of(array))));
        strategy.numbers().forEach((name, value) -> hash.add(name).add(Double.doubleToRawLongBits(value)));
        strategy.columns().forEach((name, column) -> hash.add(name).add(column.toArray()));
        return hash.hex();
    }

    /**
     * Takes all arrays out of the open scope and hands them to a manager: the one place where a state outlives a round.
     */
    public ServerState keep(NDManager manager) {
        models.values().forEach(model -> model.keep(manager));
        strategy.keep(manager);
        return this;
    }
}
