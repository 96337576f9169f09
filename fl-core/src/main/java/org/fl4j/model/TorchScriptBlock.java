package org.fl4j.model;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.IdentityHashMap;
import java.util.List;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.TorchScriptArchive;
import org.fl4j.tensor.TorchScriptModule;

/**
 * Shows a TorchScript module's tensors as DJL's parameters, and runs the module of the {@link LocalModel} that calls
 * it.
 */
final class TorchScriptBlock extends AbstractBlock implements AutoCloseable {
    private static final int REHEARSED = 8; // examples

    private final TorchScriptArchive archive;
    private final NDManager manager = TensorEngine.newManager(Device.cpu());
    private final IdentityHashMap<Parameter, ParameterRole> roles = new IdentityHashMap<>();

    TorchScriptBlock(TorchScriptArchive archive) {
        this.archive = archive;
        List<TorchScriptModule.Member> members = load(manager).members();
        requireTrainable(members);
        for (TorchScriptModule.Member member : members) {
            Parameter parameter = addParameter(Parameter.builder()
                    .setName(member.name())
                    .setType(Parameter.Type.OTHER)
                    .optRequiresGrad(member.role() == ParameterRole.TRAINABLE)
                    .optShape(member.value().getShape())
                    .optArray(member.value())
                    .build());
            roles.put(parameter, member.role());
        }
    }

    private void requireTrainable(List<TorchScriptModule.Member> members) {
        if (members.stream().noneMatch(member -> member.role() == ParameterRole.TRAINABLE)) {
            close();
            throw new IllegalArgumentException(
                    "no trainable parameter in " + archive.path() + ": every parameter is frozen, or there is none");
        }
    }

    /**
     * Runs a batch through the module several times, in training mode.
     *
     * @throws IllegalArgumentException if it does not accept the shape, or if the answers differ: then it draws random
     *     numbers, between which libtorch's generator has moved on, or it remembers earlier batches
     */
    void rehearse(Shape inputShape) {
        TensorEngine.prepareThread();
        if (!answersAreAlike(inputShape)) {
            throw new IllegalArgumentException(
                    "module must be without random operations, which no seed repeats on several"
                            + " workers, and must keep nothing from batch to batch but parameters and buffers,"
                            + " but gives two"
                            + " answers to one batch: " + archive.path());
        }
    }

    private boolean answersAreAlike(Shape inputShape) {
        Shape batch = new Shape(REHEARSED).addAll(inputShape);
        try {
            return answersAreAlike(batch, DataType.FLOAT32);
        } catch (EngineException | IllegalStateException e) {
            try {
                return answersAreAlike(batch, DataType.INT64); // tokens
            } catch (EngineException | IllegalStateException ignored) {
                String reason = String.valueOf(e.getMessage()).strip();
                throw new IllegalArgumentException(
                        "module must accept a batch of the task's examples, of shape " + batch + ", but "
                                + reason.substring(reason.lastIndexOf('\n') + 1) + ": " + archive.path(),
                        e);
            }
        }
    }

    private boolean answersAreAlike(Shape batch, DataType type) {
        try (NDManager own = TensorEngine.newManager(Device.cpu())) {
            NDArray input = Repeatable.input(own, batch, type);
            TorchScriptModule module = load(own);
            return Repeatable.isSo(() -> module.forward(input, /* training= */ true, /* recorded= */ true));
        }
    }

    /** Returns what each parameter is to training, as the file has it. */
    IdentityHashMap<Parameter, ParameterRole> roles() {
        return roles;
    }

    /** Loads a module with values of its own. */
    TorchScriptModule load(NDManager manager) {
        return TorchScriptModule.load(manager, archive);
    }

    /** The file has all values: there is nothing to draw. */
    @Override
    public boolean isInitialized() {
        return true;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        LocalModel model = LocalModel.of(store);
        boolean recorded = training || model.isDifferentiating();
        return new NDList(model.module().forward(inputs.singletonOrThrow(), training, recorded));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        throw new UnsupportedOperationException("a TorchScript module does not tell its output shape");
    }

    /** Frees the values of the file. */
    @Override
    public void close() {
        manager.close();
    }
}
