package org.fl4j.tensor;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.tensor.internal.ZipEntries;

/**
 * A user's TorchScript module with its parameters and buffers at hand. The module keeps its values itself, so each
 * thread needs its own; {@link #bind} makes them views of a flat vector. It lives as long as its manager.
 */
public final class TorchScriptModule {
    private final PtSymbolBlock block;
    private final List<Member> members;

    /**
     * A parameter or buffer of the module.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param name as PyTorch's {@code state_dict} has it
     * @param value its tensor
     * @param role what the module registers it as; a parameter that does not require a gradient is frozen
     */
    public record Member(String name, NDArray value, ParameterRole role) {}

    private TorchScriptModule(PtSymbolBlock block, List<Member> members) {
        this.block = block;
        this.members = members;
    }

    /**
     * Loads a module onto the manager's device.
     *
     * @throws IllegalArgumentException if libtorch does not accept the archive
     */
    public static TorchScriptModule load(NDManager manager, TorchScriptArchive archive) {
        try {
            PtSymbolBlock block = JniUtils.loadModule(
                    (PtNDManager) manager,
                    new ByteArrayInputStream(archive.withAccessors()),
                    /* mapLocation= */ true,
                    /* hasSize= */ false);
            return new TorchScriptModule(block, members((PtNDManager) manager, block, archive));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (EngineException | IllegalStateException e) {
            throw new IllegalArgumentException(
                    ZipEntries.invalid(archive.path(), "libtorch cannot load it")
                            .getMessage(),
                    e);
        }
    }

    /** A tensor that is registered under several names is listed under the first; an absent bias is not. */
    private static List<Member> members(PtNDManager manager, PtSymbolBlock block, TorchScriptArchive archive) {
        NDList tensors;
        long[] firsts;
        try (IValue all = IValueUtils.runMethod(block, "tensors");
                IValue indices = IValueUtils.runMethod(block, "firsts")) {
            tensors = all.toNDList(manager);
            firsts = indices.toLongArray();
        }
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < firsts.length; i++) {
            NDArray value = tensors.get(i);
            if (firsts[i] == i && value.size() > 0) {
                ParameterVector.keep(value, manager);
                TorchScriptArchive.Registered registered = archive.members().get(i);
                members.add(new Member(registered.name(), value, role(value, registered.buffer())));
            } else {
                value.close();
            }
        }
        return List.copyOf(members);
    }

    private static ParameterRole role(NDArray value, boolean buffer) {
        if (value.getDataType() == DataType.FLOAT32) {
            if (value.hasGradient()) {
                return ParameterRole.TRAINABLE;
            }
            return buffer ? ParameterRole.FLOAT_BUFFER : ParameterRole.FROZEN;
        }
        Check.that(!value.hasGradient(), "type of a trainable parameter", "float32", value.getDataType());
        return value.getDataType() == DataType.INT64 && buffer
                ? ParameterRole.INTEGER_BUFFER
                : ParameterRole.OTHER_BUFFER;
    }

    /** Returns all parameters and buffers, in the order in which the module registers them. */
    public List<Member> members() {
        return members;
    }

    /** Makes a member share the memory of a view of the same shape and device, in place of its own. */
    public void bind(Member member, NDArray view) {
        Kernels.alias(member.value(), view);
    }

    /** Returns the trainable parameters as leaves of a new graph, with no gradient yet. */
    public NDArray leaf(Member member) {
        NDArray gradient = member.value().getGradient();
        if (gradient != null) {
            JniUtils.zeroGrad((PtNDArray) member.value());
            gradient.close();
        }
        return member.value();
    }

    /**
     * Runs the module's {@code forward} on one tensor.
     *
     * @param training whether the module is in training mode
     * @param recorded whether autograd may record it
     */
    public NDArray forward(NDArray input, boolean training, boolean recorded) {
        if (training) {
            JniUtils.enableTrainingMode(block);
        } else {
            JniUtils.enableInferenceMode(block);
        }
        return IValueUtils.forward(block, new NDList(input), recorded).singletonOrThrow();
    }
}
