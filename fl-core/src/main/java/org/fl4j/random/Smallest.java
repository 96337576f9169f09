package org.fl4j.random;

import org.fl4j.internal.Check;

/**
 * Keeps so many of the smallest keys that are offered, ties by id: a heap of primitives, O(1) for most offers of many
 * and O(log kept) for the others.
 */
public final class Smallest {
    private final double[] keys; // a heap, the largest first
    private final int[] ids;
    private int size;

    /** Keeps so many, at least 0. */
    public Smallest(int count) {
        keys = new double[Check.atLeast("count", 0, count)];
        ids = new int[count];
    }

    private static boolean before(double key, int id, double otherKey, int otherId) {
        return key < otherKey || (key == otherKey && id < otherId);
    }

    /** Takes a key into account, which must not be NaN. */
    public void offer(double key, int id) {
        if (Double.isNaN(key)) {
            throw new IllegalArgumentException("key of " + id + " must be a number, but was NaN");
        }
        if (size < keys.length) {
            int at = size++;
            while (at > 0 && before(keys[(at - 1) / 2], ids[(at - 1) / 2], key, id)) {
                put(at, keys[(at - 1) / 2], ids[(at - 1) / 2]);
                at = (at - 1) / 2;
            }
            put(at, key, id);
        } else if (size > 0 && before(key, id, keys[0], ids[0])) {
            sink(0, key, id, size);
        }
    }

    private void put(int at, double key, int id) {
        keys[at] = key;
        ids[at] = id;
    }

    private void sink(int from, double key, int id, int end) {
        int at = from;
        while (2 * at + 1 < end) {
            int child = 2 * at + 1;
            if (child + 1 < end && before(keys[child], ids[child], keys[child + 1], ids[child + 1])) {
                child++;
            }
            if (before(keys[child], ids[child], key, id)) {
                break;
            }
            put(at, keys[child], ids[child]);
            at = child;
        }
        put(at, key, id);
    }

    /** Returns the ids that were kept, from the smallest key to the largest; nothing can be offered after that. */
    public int[] ids() {
        for (int end = size - 1; end > 0; end--) {
            double key = keys[end];
            int id = ids[end];
            put(end, keys[0], ids[0]);
            sink(0, key, id, end);
        }
        int[] sorted = new int[size];
        System.arraycopy(ids, 0, sorted, 0, size);
        return sorted;
    }
}
