package org.fl4j.model;

import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.BatchNorm;
import java.util.IdentityHashMap;
import java.util.Set;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterRole;

/** What each parameter of a DJL block is to training. */
final class ParameterRoles {
    private static final Set<Parameter.Type> STATISTICS =
            Set.of(Parameter.Type.RUNNING_MEAN, Parameter.Type.RUNNING_VAR);

    private ParameterRoles() {}

    /**
     * Returns the roles of a block's parameters, told apart by identity.
     *
     * @throws IllegalArgumentException if a frozen DJL BatchNorm would change its statistics
     */
    static IdentityHashMap<Parameter, ParameterRole> of(Block block) {
        IdentityHashMap<Parameter, Long> frozen = frozenSeeds(block);
        requireInference(block);
        IdentityHashMap<Parameter, ParameterRole> roles = new IdentityHashMap<>();
        if (block instanceof TorchScriptBlock script) {
            return script.roles();
        }
        block.getParameters()
                .values()
                .forEach(parameter -> roles.put(parameter, role(parameter, frozen.containsKey(parameter))));
        return roles;
    }

    private static ParameterRole role(Parameter parameter, boolean frozen) {
        DataType type = parameter.getArray().getDataType();
        Check.that(
                type == DataType.FLOAT32 || frozen || !parameter.requiresGradient(),
                "type of trainable parameter " + parameter.getName(),
                "float32",
                type);
        if (type == DataType.INT64 && !frozen) {
            return ParameterRole.INTEGER_BUFFER;
        }
        if (type != DataType.FLOAT32) {
            return ParameterRole.OTHER_BUFFER;
        }
        if (frozen) {
            return ParameterRole.FROZEN;
        }
        if (parameter.requiresGradient()) {
            return ParameterRole.TRAINABLE;
        }
        return STATISTICS.contains(parameter.getType()) ? ParameterRole.FLOAT_BUFFER : ParameterRole.FROZEN;
    }

    /** Returns the parameters inside frozen blocks, with the seeds that their values are drawn from. */
    static IdentityHashMap<Parameter, Long> frozenSeeds(Block block) {
        IdentityHashMap<Parameter, Long> seeds = new IdentityHashMap<>();
        if (block instanceof FrozenBlock frozen) {
            frozen.getParameters().values().forEach(parameter -> seeds.put(parameter, frozen.seed()));
            return seeds;
        }
        block.getChildren().values().forEach(child -> seeds.putAll(frozenSeeds(child)));
        return seeds;
    }

    /** DJL's BatchNorm normalises by the batch whatever is frozen, unless a block around it says that it infers. */
    private static void requireInference(Block block) {
        if (block instanceof BatchNorm) {
            boolean trains = block.getParameters().values().stream().anyMatch(Parameter::requiresGradient);
            Check.that(
                    trains,
                    "BatchNorm of a network",
                    "one that trains, or inside a FrozenBlock, where it goes by its running statistics",
                    "one whose scale and shift have no gradient");
        } else if (!(block instanceof FrozenBlock)) {
            block.getChildren().values().forEach(ParameterRoles::requireInference);
        }
    }
}
