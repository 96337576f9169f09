package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class ParameterVectorTest extends TensorTest {
    @Test
    void laysTrainableParametersBeforeFloatBuffersAndIntegersApart() {
        ParameterLayout layout = new ParameterLayout.Builder()
                .add("mean", new Shape(2), ParameterRole.FLOAT_BUFFER)
                .add("steps", new Shape(), ParameterRole.INTEGER_BUFFER)
                .add("weight", new Shape(2, 3), ParameterRole.TRAINABLE)
                .add("bias", new Shape(3), ParameterRole.TRAINABLE)
                .build();
        assertThat(layout.parameters())
                .extracting(ParameterLayout.Entry::name)
                .containsExactly("weight", "bias", "mean", "steps");
        assertThat(layout.parameters())
                .extracting(ParameterLayout.Entry::offset)
                .containsExactly(0L, 6L, 9L, 0L);
        assertThat(layout.trainableCount()).isEqualTo(9);
        assertThat(layout.floatCount()).isEqualTo(11);
        assertThat(layout.integerCount()).isEqualTo(1);
        assertThat(layout.byteCount()).isEqualTo(52);
    }

    @Test
    void showsParametersAsViews() {
        ParameterVector vector = vector(layoutWithBuffers(), 1, 2, 3, 4, 5);
        vector.parameter(vector.layout().find("running").orElseThrow()).muli(10);
        assertThat(values(vector)).containsExactly(1, 2, 3, 40, 50);
        assertThat(vector.trainable().toFloatArray()).containsExactly(1, 2, 3);
        assertThat(vector.floatBuffers().orElseThrow().toFloatArray()).containsExactly(40, 50);
    }

    @Test
    void measuresTheNormOfTrainableParametersOnly() {
        assertThat(vector(layoutWithBuffers(), 3, 4, 0, 100, 100).norm()).isCloseTo(5, within(1e-6));
    }

    @Test
    void subtractsAndAddsBack() {
        ParameterVector a = vector(1, 2);
        ParameterVector b = vector(.5, 4);
        ParameterVector delta = a.minus(b, manager);
        assertThat(values(delta)).containsExactly(.5f, -2);
        ParameterVector sum = b.copy();
        sum.addScaledInPlace(delta, 1);
        assertThat(values(sum)).containsExactly(values(a));
        assertThat(values(b)).containsExactly(.5f, 4);
    }

    /** The SHA-256 of the eight bytes 00 00 80 3f 00 00 00 40, from coreutils' sha256sum. */
    @Test
    void hashesValuesInLittleEndianOrder() {
        assertThat(vector(1, 2).sha256()).isEqualTo("b9c80b5adeca450753a16950c3cc655d271f7bef7a485bc83f112b72fef21d37");
        assertThat(vector(1, 2).sha256()).isNotEqualTo(vector(2, 1).sha256());
    }

    @Test
    void survivesItsScopeWhenKept() {
        ParameterVector kept;
        ParameterVector lost;
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            kept = vector(1, 2).keep(manager);
            lost = vector(3, 4);
        }
        assertThat(values(kept)).containsExactly(1, 2);
        assertThatThrownBy(lost::norm).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesTensorsThatDoNotFitTheLayout() {
        assertThatThrownBy(() -> new ParameterVector(layout(3), manager.zeros(new Shape(2)), Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("floats must be float32 of shape (3), but was float32 of shape (2)");
        assertThatThrownBy(() ->
                        new ParameterVector(layout(3), manager.zeros(new Shape(3), DataType.INT32), Optional.empty()))
                .hasMessage("floats must be float32 of shape (3), but was int32 of shape (3)");
    }

    @Test
    void saysHowLayoutsDiffer() {
        assertThat(layout(3).differenceFrom(layout(3))).isEmpty();
        assertThat(layout(3).differenceFrom(layout(4)))
                .hasValue("parameter w must be TRAINABLE [3] at offset 0, but was TRAINABLE [4] at offset 0");
        assertThat(layoutWithBuffers().differenceFrom(layout(3))).hasValue("parameter running is missing");
        assertThat(layout(3).differenceFrom(layoutWithBuffers())).hasValue("3 parameters instead of 1");
    }

    @Test
    void refusesTwoParametersOfOneName() {
        ParameterLayout.Builder builder = new ParameterLayout.Builder()
                .add("w", new Shape(1), ParameterRole.TRAINABLE)
                .add("w", new Shape(2), ParameterRole.TRAINABLE);
        assertThatThrownBy(builder::build).hasMessage("parameter name must be unique, but was w");
    }
}
