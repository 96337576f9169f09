package org.fl4j.examples.combination;

import ai.djl.Device;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.model.LearningTask;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;

/** Names of the tiny run's own parts, so that another process can make its clients. */
public final class TinyStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(LearningTask.class, "tiny", p -> TinyRun.task(p.flag("statistics", false))),
                new NamedStrategy<>(FederatedDataset.class, "broken", p -> new Broken(Held.RUN.data())),
                new NamedStrategy<>(LearningTask.class, "tiny-frozen", p -> TinyRun.FROZEN),
                new NamedStrategy<>(LocalTraining.class, "tiny", p -> TinyRun.TRAINING),
                new NamedStrategy<>(FederatedDataset.class, "tiny", p -> Held.RUN.data()),
                new NamedStrategy<>(
                        FederatedDataset.class, "lost", p -> new Lost(Held.RUN.data(), p.integer("client", 3))));
    }

    /**
     * Data of which client 3 has more than the directory knows, so that it claims too many examples, and of which
     * client 5 has no numbers, so that what it sends is not finite.
     *
     * @param data the others' too
     */
    record Broken(FederatedDataset data) implements FederatedDataset {
        @Override
        public ClientDirectory clients() {
            ClientDirectory all = data.clients();
            return ClientDirectory.ofRange(all.size(), index -> index == 3 ? 1 : all.exampleCount(new ClientId(index)));
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            ClientExamples examples = data.examples(client, device);
            if (client.index() != 5) {
                return examples;
            }
            Examples own = examples.gather(examples.source().features().getManager());
            int[] rows = IntStream.range(0, own.count()).toArray();
            return new ClientExamples(new Examples(own.features().mul(Float.NaN), own.labels()), rows);
        }

        @Override
        public void release(ClientId client, Examples source) {
            if (client.index() != 5) { // whose examples are freed with its task
                data.release(client, source);
            }
        }

        @Override
        public String fingerprint() {
            return data.fingerprint() + " broken";
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
