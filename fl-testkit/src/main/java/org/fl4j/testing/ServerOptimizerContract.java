package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** What every {@link ServerOptimizer} promises. */
public abstract class ServerOptimizerContract extends TensorTest {
    /** Returns the optimizer under test. */
    protected abstract ServerOptimizer optimizer();

    private ParameterVector model() {
        return vector(layoutWithBuffers(), 1, 2, 3, 10, 20);
    }

    private ParameterVector delta() {
        ParameterVector delta = vector(layoutWithBuffers(), .1, -.2, .3, 1, -2);
        Kernels.copy(Tensors.create(manager, new long[] {7}), delta.integers().orElseThrow());
        return delta;
    }

    @Test
    void movesTrainableParametersTheWayOfTheDelta() {
        float[] moved =
                values(optimizer().step(model(), delta(), StrategyState.empty()).model());
        assertThat(moved[0]).isGreaterThan(1);
        assertThat(moved[1]).isLessThan(2);
        assertThat(moved[2]).isGreaterThan(3);
    }

    @Test
    void addsTheDeltaOfFloatBuffersAsItIsAndCopiesIntegers() {
        ParameterVector moved =
                optimizer().step(model(), delta(), StrategyState.empty()).model();
        assertThat(Arrays.copyOfRange(values(moved), 3, 5)).containsExactly(11, 18);
        assertThat(moved.integers().orElseThrow().toLongArray()).containsExactly(7);
    }

    @Test
    void changesNeitherModelNorDeltaNorState() {
        ParameterVector model = model();
        ParameterVector delta = delta();
        ServerOptimizer.Step first = optimizer().step(model, delta, StrategyState.empty());
        float[] once = values(optimizer().step(model, delta, first.state()).model());
        float[] again = values(optimizer().step(model, delta, first.state()).model());
        assertThat(again).containsExactly(once);
        assertThat(values(model)).containsExactly(values(model()));
        assertThat(values(delta)).containsExactly(values(delta()));
    }
}
