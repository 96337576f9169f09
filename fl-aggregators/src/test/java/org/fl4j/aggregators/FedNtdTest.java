package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;
import org.fl4j.expression.Expression;
import org.fl4j.expression.Leaf;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class FedNtdTest extends TensorTest {
    /** Values of PyTorch 1.13: cross-entropy plus .7 times the divergence of softmax over three of four classes. */
    @Test
    void isTheLossOfTheEquations() {
        NDArray logits = Tensors.create(manager, new float[] {1, -.5f, 2, .25f, .5f, 1.5f, -1, 0}, new Shape(2, 4));
        NDArray received = Tensors.create(manager, new float[] {.5f, 0, 1, -1, 2, -.5f, .25f, 1}, new Shape(2, 4));
        Function<Leaf, NDArray> values = leaf -> switch (leaf.source()) {
            case PREDICTIONS -> logits;
            case LABELS -> Tensors.create(manager, new long[] {2, 1});
            case SHARE -> manager.full(new Shape(2, 1), .5f);
            default -> received;
        };
        Expression loss = new FedNtd(.7, 2).loss();
        assertThat(loss.evaluate(values).toFloatArray())
                .containsExactly(new float[] {.5216843f, .5188614f}, within(1e-6f));
        assertThat(loss.gradient(Expression.predictions()).evaluate(values).toFloatArray())
                .containsExactly(
                        new float[] {
                            .1165756f, .003011098f, -.1920686f, .07248192f, .1011889f, -.2011526f, .02519774f, .074766f
                        },
                        within(1e-6f));
    }

    @Test
    void refusesNumbersThatMakeNoSense() {
        assertThatThrownBy(() -> new FedNtd(-1, 1)).hasMessageStartingWith("beta must be at least 0");
        assertThatThrownBy(() -> new FedNtd(1, 0)).hasMessageStartingWith("temperature must be positive");
        assertThat(new FedNtd(0, 1).loss().isWide()).isFalse();
    }
}
