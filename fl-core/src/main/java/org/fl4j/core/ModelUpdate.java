package org.fl4j.core;

import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/**
 * The message up: what a client's training changed. A client may send anything; the server validates it before it counts
 * (see {@link Admission}).
 *
 * @param client the sender
 * @param modelVersion the version of the model it started from
 * @param exampleCount how many distinct examples it trained on; epochs do not multiply it
 * @param localSteps how many optimizer steps it took
 * @param delta local model minus received model; integer buffers hold the local values
 * @param metrics what it measured, such as {@code train/loss}
 */
public record ModelUpdate(
        ClientId client, int modelVersion, long exampleCount, long localSteps, ParameterVector delta, Metrics metrics)
        implements AutoCloseable {
    /** Checks for presence only; values are judged by the server. */
    public ModelUpdate {
        Check.present("client", client);
        Check.present("delta", delta);
        Check.present("metrics", metrics);
    }

    /** Returns the same update with another delta. */
    public ModelUpdate withDelta(ParameterVector other) {
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, other, metrics);
    }

    /** Returns the same update with further metrics. */
    public ModelUpdate withMetrics(Metrics more) {
        return new ModelUpdate(client, modelVersion, exampleCount, localSteps, delta, metrics.merge(more));
    }

    /** Returns the size of the message's tensors. */
    public long byteCount() {
        return delta.layout().byteCount();
    }

    /** Frees the delta. */
    @Override
    public void close() {
        delta.close();
    }
}
