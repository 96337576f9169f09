package org.fl4j.experiments.tracking;

import java.nio.file.Path;
import java.time.Clock;
import org.fl4j.internal.Check;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;

/**
 * Writes all metrics of each round, as float32, to an event file that TensorBoard shows:
 * {@code tensorboard --logdir DIRECTORY}. The step is the round.
 *
 * <p>Files only grow, because TensorBoard follows them while they do. A resumed run begins another file, whose first
 * event takes back the rounds that run again: TensorBoard shows each round once, without a restart. A fresh run deletes
 * the files of an earlier one.
 */
public final class TensorBoardListener implements RunListener {
    private final EventFiles files;
    private final Clock clock;

    /** Names the directory of the run, which need not exist. */
    public TensorBoardListener(Path directory) {
        this(directory, Clock.systemUTC());
    }

    TensorBoardListener(Path directory, Clock clock) {
        files = new EventFiles(Check.present("directory", directory));
        this.clock = clock;
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        files.begin(completedRounds, now());
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        add(report);
    }

    /** Appends a round, as when it ends; for rounds that ended before. */
    public void add(RoundReport report) {
        files.append(report.round(), now(), RoundValues.of(report));
    }

    private double now() {
        return clock.millis() / 1e3;
    }
}
