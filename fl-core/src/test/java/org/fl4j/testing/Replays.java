package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.fl4j.execution.TaskRecord;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.TensorEngine;

/**
 * Checks that one update of a run can be run again, to the same hash, and leaves no native array behind. It counts the arrays of the whole
 * process, so a test class that uses it is {@link org.junit.jupiter.api.parallel.Isolated}.
 */
public final class Replays {
    private Replays() {}

    /**
     * Runs an experiment and replays its last update.
     *
     * @param experiments makes a new builder each time
     */
    public static void lastUpdateIsTheSameAgain(Supplier<SimulationBuilder> experiments) {
        List<TaskRecord> records = new ArrayList<>();
        experiments
                .get()
                .hashUpdates(true)
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        tasks.stream()
                                .filter(task -> task.id().kind().equals("train"))
                                .forEach(records::add);
                    }
                })
                .build()
                .run()
                .close();
        TaskRecord last = records.get(records.size() - 1);
        Simulation simulation = experiments.get().workers(1).build();
        NDManager root = TensorEngine.newManager(Device.cpu()).getParentManager();
        int arrays = root.getManagedArrays().size();
        assertThat(simulation.replay(last.id().round(), last.id().client()))
                .as("update of " + last.id())
                .isEqualTo(last.updateSha256().orElseThrow());
        assertThat(root.getManagedArrays()).as("native arrays after a replay").hasSize(arrays);
    }
}
