package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ListAggregator;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.junit.jupiter.api.Test;

class ReplaysTest extends TasksSetup {
    @Test
    void replaysAnyUpdateToTheSameHash() {
        Simulation simulation =
                setup().clients(TasksTest::counting).hashUpdates(true).build();
        simulation.run().close();
        assertThat(records).hasSize(20);
        List<TaskRecord> recorded = List.copyOf(records);
        assertThat(recorded.stream()
                        .map(record -> record.updateSha256().orElseThrow())
                        .distinct())
                .hasSize(20);
        for (TaskRecord record : List.of(recorded.get(0), recorded.get(12), recorded.get(19))) {
            assertThat(simulation.replay(record.id().round(), record.id().client()))
                    .isEqualTo(record.updateSha256().orElseThrow());
        }
        assertThat(records).hasSize(20); // nobody is told of replays
    }

    @Test
    void replaysFromACheckpointAndLeavesTheRunsFilesAlone() throws Exception {
        SimulationBuilder builder = setup().clients(TasksTest::counting)
                .hashUpdates(true)
                .rounds(6)
                .checkpoints(directory, 1)
                .resume(true);
        builder.aggregator(new ListAggregator(updates -> updates.get(0).delta().copy()))
                .updateStore(new DiskUpdateStore(directory.resolve("updates"), DiskUpdateStore.Retention.RETAIN));
        String model = hash(builder);
        List<String> before = files();
        AtomicInteger trained = new AtomicInteger();
        builder.clients((id, worker) -> {
            trained.incrementAndGet();
            return counting(id, worker);
        });
        for (TaskRecord record : records.subList(25, 30)) { // of round 6, from the checkpoint of round 5
            assertThat(builder.build().replay(6, record.id().client()))
                    .isEqualTo(record.updateSha256().orElseThrow());
        }
        assertThat(trained).hasValue(5); // exactly those clients
        assertThat(builder.build().replay(3, records.get(10).id().client()))
                .isEqualTo(records.get(10).updateSha256().orElseThrow()); // from the start
        assertThat(files()).isEqualTo(before);
        assertThat(hash(builder)).isEqualTo(model);
    }

    @Test
    void findsAnUpdateThatIsNotTheSame() {
        Simulation simulation = setup().hashUpdates(true).build();
        simulation.run().close();
        TaskRecord record = records.get(7);
        Simulation other = setup().training(LocalTraining.sgd(.2)).build();
        assertThat(other.replay(record.id().round(), record.id().client()))
                .isNotEqualTo(record.updateSha256().orElseThrow());
    }

    @Test
    void rehearsesOneClientAndKeepsNothing() throws Exception {
        AtomicInteger trained = new AtomicInteger();
        Simulation sound = setup().failurePolicy(FailurePolicy.SKIP_CLIENT)
                .checkpoints(directory, 1)
                .clients((id, worker) -> {
                    trained.incrementAndGet();
                    return counting(id, worker);
                })
                .build();
        assertThat(sound.rehearse()).isPresent();
        assertThat(trained).hasValue(1);
        assertThat(records).isEmpty();
        assertThat(files()).isEmpty();
        Simulation broken = setup().failurePolicy(FailurePolicy.SKIP_CLIENT)
                .uploadTransform((update, task) -> {
                    throw new IllegalArgumentException("update must be sent by post, but was not");
                })
                .build();
        assertThatThrownBy(broken::rehearse)
                .isInstanceOf(ClientFailedException.class)
                .hasRootCauseMessage("update must be sent by post, but was not");
    }

    @Test
    void refusesToReplayWhatDidNotHappen() {
        Simulation simulation = setup().build();
        List<Integer> cohort;
        try (RunResult result = simulation.run()) {
            cohort = result.history().get(1).cohort().stream()
                    .map(ClientId::index)
                    .toList();
        }
        int absent = 0;
        while (cohort.contains(absent)) {
            absent++;
        }
        ClientId other = new ClientId(absent);
        assertThatThrownBy(() -> simulation.replay(2, other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("client must be one who trained in round 2, [client ")
                .hasMessageEndingWith("], but was " + other);
        assertThatThrownBy(() -> simulation.replay(5, other)).hasMessage("round must be in [1, 4], but was 5");
    }

    @Test
    void hashesADeltaAndItsAttachments() {
        ConcurrentHashMap<String, String> seen = new ConcurrentHashMap<>();
        hash(setup().rounds(1).uploadTransform((update, task) -> {
            ModelUpdate more =
                    update.withAttachment("extra", update.delta().trainable().mul(2));
            seen.put(update.sha256(), more.sha256());
            assertThat(update.sha256()).isEqualTo(update.delta().sha256());
            return update;
        }));
        assertThat(seen).hasSize(5).allSatisfy((plain, more) -> assertThat(more).isNotEqualTo(plain));
    }
}
