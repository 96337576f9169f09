package org.fl4j.examples.combination;

import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientId;
import org.fl4j.core.TrainingTask;
import org.fl4j.data.FederatedDataset;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.Algorithm;

/** Names of the tiny run's own parts, so that another process can make its clients. */
public final class TinyStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(LearningTask.class, "tiny", p -> TinyRun.task(p.flag("statistics", false))),
                new NamedStrategy<>(LocalTraining.class, "tiny", p -> TinyRun.TRAINING),
                new NamedStrategy<>(FederatedDataset.class, "tiny", p -> Held.RUN.data()),
                new NamedStrategy<>(Algorithm.class, "failing", p -> {
                    int client = p.integer("client", 3);
                    return run -> run.sgdClients((id, worker, training) -> new Failing(id, worker, training, client));
                }));
    }

    /** What the process holds until it ends. */
    private static final class Held {
        static final TinyRun RUN = new TinyRun();
    }

    /** Throws in every second round if it is a certain client. */
    private static final class Failing extends SgdClient {
        private final int failing;

        Failing(ClientId id, Worker worker, LocalTraining training, int failing) {
            super(id, worker, training);
            this.failing = failing;
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (id().index() == failing && task.round() % 2 == 0) {
                throw new IllegalStateException("client " + failing + " must not train in round " + task.round());
            }
        }
    }
}
