package org.fl4j.client;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.model.BlockSteps;

/**
 * Which examples each step of a block of clients uses: rows by step, client and place in the batch. Clients are ordered
 * by how many steps they take, most first, and are alike in that order by their place in the block. A batch with fewer
 * examples than others is filled up with its first one, which then does not count.
 */
final class BlockSchedule {
    private final List<LocalSchedule> ofClients; // in the order of the block
    private final int[] order;
    private final int batch;
    private final long[] starts;
    private final long[] actives;
    private final int[] rows;
    private final float[] shares;

    BlockSchedule(List<LocalSchedule> ofClients) {
        this.ofClients = List.copyOf(ofClients);
        order = IntStream.range(0, ofClients.size())
                .boxed()
                .sorted(Comparator.comparing(client -> -ofClients.get(client).steps()))
                .mapToInt(Integer::intValue)
                .toArray();
        int steps = order.length == 0 ? 0 : ofClients.get(order[0]).steps();
        int widest = 0;
        for (LocalSchedule schedule : ofClients) {
            for (int step = 0; step < schedule.steps(); step++) {
                widest = Math.max(widest, schedule.count(step));
            }
        }
        batch = widest;
        starts = new long[steps];
        actives = new long[steps];
        long count = 0;
        for (int step = 0; step < steps; step++) {
            starts[step] = count;
            while (actives[step] < order.length
                    && ofClients.get(order[(int) actives[step]]).steps() > step) {
                actives[step]++;
            }
            count += actives[step] * batch;
        }
        rows = new int[Math.toIntExact(count)];
        shares = new float[rows.length];
        for (int step = 0; step < steps; step++) {
            for (int place = 0; place < actives[step]; place++) {
                fill(step, place);
            }
        }
    }

    private void fill(int step, int place) {
        LocalSchedule schedule = ofClients.get(order[place]);
        int to = first(step, place);
        int from = (int) schedule.starts()[step];
        int count = schedule.count(step);
        for (int i = 0; i < batch; i++) {
            boolean counts = i < count;
            rows[to + i] = schedule.rows()[counts ? from + i : from];
            shares[to + i] = counts ? (float) (1.0 / count) : 0;
        }
    }

    /** Returns the index of the first row of a step of the client at a place in the order. */
    int first(int step, int place) {
        return (int) starts[step] + place * batch;
    }

    /** Returns which client of the block is at a place in the order. */
    int client(int place) {
        return order[place];
    }

    LocalSchedule of(int place) {
        return ofClients.get(order[place]);
    }

    BlockSteps steps() {
        return new BlockSteps(order.length, batch, rows, shares, actives);
    }
}
