package org.fl4j.examples.combination;

import ai.djl.Device;
import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.Codec;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.model.LearningTask;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.ErrorFeedback;
import org.fl4j.testing.HalfPrecision;

/** Names of the tiny run's own parts, so that another process can make its clients. */
public final class TinyStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(LearningTask.class, "tiny", p -> TinyRun.task(p.flag("statistics", false))),
                new NamedStrategy<>(
                        Codec.class, "half-precision-with-error-feedback", p -> new ErrorFeedback(new HalfPrecision())),
                new NamedStrategy<>(UpdateTransform.class, "tiny-broken", p -> new Broken()),
                new NamedStrategy<>(LearningTask.class, "tiny-frozen", p -> TinyRun.FROZEN),
                new NamedStrategy<>(LocalTraining.class, "tiny", p -> TinyRun.TRAINING),
                new NamedStrategy<>(FederatedDataset.class, "tiny", p -> Held.RUN.data()),
                new NamedStrategy<>(
                        FederatedDataset.class, "lost", p -> new Lost(Held.RUN.data(), p.integer("client", 3))));
    }

    /** Client 3 claims a million examples, and what client 5 sends is not finite. */
    record Broken() implements UpdateTransform {
        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            return switch (task.client().index()) {
                case 3 -> update.with(update.receipt().withCounts(1_000_000, 1));
                case 5 ->
                    update.withDelta(new ParameterVector(
                            update.delta().layout(),
                            update.delta().floats().mul(Float.NaN),
                            update.delta().integers()));
                default -> update;
            };
        }
    }

    /** What the process holds until it ends. */
    private static final class Held {
        static final TinyRun RUN = new TinyRun();
    }

    /**
     * Data of which one client's cannot be loaded.
     *
     * @param data the others' too
     * @param lost the index of that client
     */
    record Lost(FederatedDataset data, int lost) implements FederatedDataset {
        @Override
        public ClientDirectory clients() {
            return data.clients();
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            if (client.index() == lost) {
                throw new IllegalStateException("examples of " + client + " are lost");
            }
            return data.examples(client, device);
        }

        @Override
        public void release(ClientId client, Examples source) {
            data.release(client, source);
        }

        @Override
        public String fingerprint() {
            return data.fingerprint() + " without client " + lost;
        }
    }
}
