package org.fl4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;

/** The rows of each class, ascending. */
record RowsByClass(List<int[]> rows) {
    static RowsByClass of(int[] labels) {
        int classes = 0;
        for (int label : labels) {
            classes = Math.max(classes, Check.atLeast("label", 0, label) + 1);
        }
        int[] counts = countsOf(labels, classes);
        List<int[]> rows = new ArrayList<>(classes);
        for (int count : counts) {
            rows.add(new int[count]);
        }
        int[] next = new int[classes];
        for (int row = 0; row < labels.length; row++) {
            rows.get(labels[row])[next[labels[row]]++] = row;
        }
        return new RowsByClass(rows);
    }

    static int[] countsOf(int[] labels, int classes) {
        int[] counts = new int[classes];
        for (int label : labels) {
            counts[label]++;
        }
        return counts;
    }

    /**
     * Shuffles the rows of each class and shares them evenly among its owners; those of a class without owners stay
     * unused.
     */
    Partition sharedAmong(List<List<Integer>> owners, int clients, RandomGenerator random) {
        List<List<int[]>> parts = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            parts.add(new ArrayList<>());
        }
        for (int label = 0; label < classCount(); label++) {
            int[] shuffled = rows.get(label).clone();
            Sampling.shuffle(shuffled, random);
            int shares = owners.get(label).size();
            for (int i = 0; i < shares; i++) {
                int from = (int) ((long) shuffled.length * i / shares);
                int to = (int) ((long) shuffled.length * (i + 1) / shares);
                parts.get(owners.get(label).get(i)).add(Arrays.copyOfRange(shuffled, from, to));
            }
        }
        return Partition.of(parts.stream().map(RowsByClass::concatenate).toList());
    }

    int classCount() {
        return rows.size();
    }

    int[] concatenated() {
        return concatenate(rows);
    }

    static int[] concatenate(List<int[]> parts) {
        int[] all = new int[parts.stream().mapToInt(part -> part.length).sum()];
        int from = 0;
        for (int[] part : parts) {
            System.arraycopy(part, 0, all, from, part.length);
            from += part.length;
        }
        return all;
    }
}
