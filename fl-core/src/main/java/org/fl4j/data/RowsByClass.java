package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;

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
