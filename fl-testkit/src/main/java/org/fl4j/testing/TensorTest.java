package org.fl4j.testing;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test with a manager of its own, and short ways to make vectors, updates and states. */
public abstract class TensorTest {
    /** Holds the test's arrays. */
    protected NDManager manager;

    @BeforeEach
    void openManager() {
        TensorEngine.prepareThread(); // or rounding follows from how many native threads are free
        manager = TensorEngine.newManager(Device.cpu());
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    /** Returns the layout of one trainable vector {@code w}. */
    protected static ParameterLayout layout(int size) {
        return new ParameterLayout.Builder()
                .add("w", new Shape(size), ParameterRole.TRAINABLE)
                .build();
    }

    /** Returns a layout with three trainable elements, two in a float buffer and one in an integer buffer. */
    protected static ParameterLayout layoutWithBuffers() {
        return new ParameterLayout.Builder()
                .add("w", new Shape(3), ParameterRole.TRAINABLE)
                .add("running", new Shape(2), ParameterRole.FLOAT_BUFFER)
                .add("batches", new Shape(1), ParameterRole.INTEGER_BUFFER)
                .build();
    }

    /** Returns a vector of one trainable parameter. */
    protected ParameterVector vector(double... values) {
        return vector(layout(values.length), values);
    }

    /** Returns a vector with these floats; integer buffers are zero. */
    protected ParameterVector vector(ParameterLayout layout, double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        ParameterVector vector = ParameterVector.zeros(layout, manager);
        Kernels.copy(Tensors.create(manager, floats, new Shape(floats.length)), vector.floats());
        return vector;
    }

    /** Returns a state without strategy state after no rounds. */
    protected ServerState state(ParameterVector model) {
        return new ServerState(0, model, StrategyState.empty());
    }

    /** Returns an update of version 0. */
    protected static ModelUpdate update(int client, long exampleCount, ParameterVector delta) {
        return new ModelUpdate(new ClientId(client), 0, exampleCount, 1, delta, Metrics.none());
    }

    /** Returns round 1 of seed 7. */
    protected static RoundContext round() {
        return round(1);
    }

    /** Returns a round of seed 7. */
    protected static RoundContext round(int number) {
        return new RoundContext(number, new Seed(7), /* clientCount= */ 10);
    }

    /** Returns the floats of a vector. */
    protected static float[] values(ParameterVector vector) {
        return vector.floats().toFloatArray();
    }
}
