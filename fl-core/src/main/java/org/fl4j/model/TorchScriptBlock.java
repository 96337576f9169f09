package org.fl4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.TorchScriptArchive;
import org.fl4j.tensor.TorchScriptModule;

/** Shows a TorchScript module's tensors as DJL's parameters, and runs the module of the {@link LocalModel} that calls it. */
final class TorchScriptBlock extends AbstractBlock implements AutoCloseable {
    private final TorchScriptArchive archive;
    private final NDManager manager = TensorEngine.newManager(Device.cpu());

    TorchScriptBlock(TorchScriptArchive archive) {
        this.archive = archive;
        for (TorchScriptModule.Member member : load(manager).members()) {
            addParameter(Parameter.builder()
                    .setName(member.name())
                    .setType(Parameter.Type.OTHER)
                    .optRequiresGrad(member.role() == ParameterRole.TRAINABLE)
                    .optShape(member.value().getShape())
                    .optArray(member.value())
                    .build());
        }
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
        return new NDList(LocalModel.of(store).module().forward(inputs.singletonOrThrow(), training));
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
