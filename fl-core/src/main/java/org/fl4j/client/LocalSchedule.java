package org.fl4j.client;

import org.fl4j.data.ClientExamples;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/** Which examples each step of a local training uses. */
final class LocalSchedule {
    private final int[] positions;
    private final int[] rows;
    private final long[] starts;

    /** Without steps. */
    static final LocalSchedule NONE = new LocalSchedule(new int[0], new int[0], 0);

    private LocalSchedule(int[] positions, int[] rows, long... starts) {
        this.positions = positions;
        this.rows = rows;
        this.starts = starts;
    }

    /** Makes the schedule of a client; its order of examples follows from the seed. */
    static LocalSchedule of(LocalTraining training, ClientExamples examples, Seed shuffle) {
        int count = examples.count();
        int batch = Math.min(training.batchSize(), Math.max(count, 1));
        int perEpoch = (count + batch - 1) / batch;
        int steps = training.stepCount(count);
        long[] starts = new long[steps + 1];
        for (int step = 0; step < steps; step++) {
            int inEpoch = step % perEpoch;
            starts[step + 1] = starts[step] + Math.min(batch, count - inEpoch * batch);
        }
        int[] positions = new int[Math.toIntExact(starts[steps])];
        int[] rows = new int[positions.length];
        for (int epoch = 0; epoch * count < rows.length; epoch++) {
            int[] order = Sampling.permutation(count, shuffle.derive(epoch).generator());
            for (int i = 0; i < count && epoch * count + i < rows.length; i++) {
                positions[epoch * count + i] = order[i];
                rows[epoch * count + i] = examples.row(order[i]);
            }
        }
        return new LocalSchedule(positions, rows, starts);
    }

    /** Returns the same as {@link #rows}, counted in the client's own examples. */
    int[] positions() {
        return positions;
    }

    /** Returns rows of the examples' source, one epoch's permutation after another. */
    int[] rows() {
        return rows;
    }

    /** Returns where each step's rows begin, and where those of the last step end. */
    long[] starts() {
        return starts;
    }

    /** Returns how many examples a step uses. */
    int count(int step) {
        return (int) (starts[step + 1] - starts[step]);
    }

    int steps() {
        return starts.length - 1;
    }
}
