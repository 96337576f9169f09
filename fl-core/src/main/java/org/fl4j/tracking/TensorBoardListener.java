package org.fl4j.tracking;

import java.nio.file.Path;
import java.time.Clock;
import org.fl4j.core.ServerState;
import org.fl4j.internal.Check;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;

/**
 * Writes all metrics of each round, as float32, to an event file that TensorBoard shows: {@code tensorboard --logdir DIRECTORY}. The step is the round. A
 * fresh run starts the file anew; a resumed run takes back the rounds it repeats.
 */
public final class TensorBoardListener implements RunListener {
    private final EventFile file;
    private final Clock clock;

    /** Names the directory of the run, which need not exist. */
    public TensorBoardListener(Path directory) {
        this(directory, Clock.systemUTC());
    }

    TensorBoardListener(Path directory, Clock clock) {
        file = new EventFile(Check.present("directory", directory).resolve("events.out.tfevents.fl4j"));
        this.clock = clock;
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        file.keepUpTo(completedRounds, now());
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        add(report);
    }

    /** Appends a round, as when it ends; for rounds that ended before. */
    public void add(RoundReport report) {
        file.append(report.round(), now(), RoundValues.of(report));
    }

    private double now() {
        return clock.millis() / 1e3;
    }
}
