package org.fl4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.TorchScriptModule;

/** Gives the shared network a worker's arrays in place of its own. */
final class WorkerParameters extends ParameterStore {
    private final Map<String, NDArray> views = new HashMap<>(); // by DJL's parameter id
    private final Map<String, NDArray> leaves = new HashMap<>();
    private final Map<String, TorchScriptModule.Member> members = new HashMap<>(); // by name
    private final LocalModel owner;
    private final FederatedModel model;
    private final Optional<TorchScriptModule> module;
    private boolean differentiating;

    WorkerParameters(
            LocalModel owner, FederatedModel model, Map<String, NDArray> frozen, Optional<TorchScriptModule> module) {
        super(owner.manager(), /* copy= */ false);
        this.owner = owner;
        this.model = model;
        this.module = module;
        module.ifPresent(own -> own.members().forEach(member -> members.put(member.name(), member)));
        for (ParameterLayout.Entry entry : model.layout().parameters()) {
            put(model.parameter(entry), owner.parameters().parameter(entry));
        }
        frozen.forEach((name, value) -> put(model.parameter(name), value));
    }

    private void put(Parameter parameter, NDArray view) {
        NDScope.unregister(view); // the model outlives the scope that it is made in
        views.put(parameter.getId(), view);
        module.ifPresent(own -> own.bind(members.get(parameter.getName()), view));
    }

    LocalModel owner() {
        return owner;
    }

    boolean isDifferentiating() {
        return differentiating;
    }

    /** Computes with the leaves of the graph even where the network is in evaluation mode. */
    NDArray withLeaves(Supplier<NDArray> forward) {
        differentiating = true;
        try {
            return forward.get();
        } finally {
            differentiating = false;
        }
    }

    /** Makes new leaves of the graph that share the views' memory, so that backward hands its buffers over. */
    NDList freshLeaves() {
        NDList fresh = new NDList();
        for (ParameterLayout.Entry entry : model.layout().parameters()) {
            if (entry.role() == ParameterRole.TRAINABLE) {
                String id = model.parameter(entry).getId();
                NDArray leaf = module.map(own ->
                                own.leaf(members.get(model.parameter(entry).getName())))
                        .orElseGet(() -> sharing(views.get(id)));
                leaves.put(id, leaf);
                fresh.add(leaf);
            }
        }
        return fresh;
    }

    private static NDArray sharing(NDArray view) {
        NDArray leaf = view.stopGradient();
        leaf.setRequiresGradient(true);
        return leaf;
    }

    @Override
    public NDArray getValue(Parameter parameter, Device device, boolean training) {
        if (parameter == null) { // DJL asks for the absent bias of a layer without one
            return null;
        }
        NDArray leaf = training || differentiating ? leaves.get(parameter.getId()) : null;
        return leaf == null ? views.get(parameter.getId()) : leaf;
    }
}
