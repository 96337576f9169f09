package org.fl4j.message;

import java.util.Arrays;
import org.fl4j.internal.Check;

/**
 * One float32 for each client of a run, by index: what a selector remembers of a million clients, without an object for
 * each. Immutable; a changed copy shares all blocks that did not change, so that a round costs O(cohort) and not
 * O(clients).
 */
public final class ClientColumn {
    private static final int SHIFT = 10; // clients of a block, as a power of two
    private static final int MASK = (1 << SHIFT) - 1;

    private final int size;
    private final float[][] blocks;

    private ClientColumn(int size, float[][] blocks) {
        this.size = size;
        this.blocks = blocks;
    }

    /** Returns a column of so many clients, all with one value; it takes memory for one block. */
    public static ClientColumn filled(int size, float value) {
        Check.atLeast("size", 0, size);
        float[] block = new float[1 << SHIFT];
        Arrays.fill(block, value);
        float[][] blocks = new float[(size + MASK) >>> SHIFT][];
        Arrays.fill(blocks, block);
        return new ClientColumn(size, blocks);
    }

    /** Returns a column with copies of these values. */
    public static ClientColumn of(float... values) {
        float[][] blocks = new float[(values.length + MASK) >>> SHIFT][];
        float[] before = {};
        for (int i = 0; i < blocks.length; i++) {
            float[] block = Arrays.copyOfRange(values, i << SHIFT, (i + 1) << SHIFT);
            blocks[i] =
                    Arrays.equals(block, before) ? before : block; // blocks of clients that were never seen are alike
            before = blocks[i];
        }
        return new ClientColumn(values.length, blocks);
    }

    /** Returns the number of clients. */
    public int size() {
        return size;
    }

    /** Returns the value of the client with this index, which must be in range: this is not checked. */
    public float get(int client) {
        return blocks[client >>> SHIFT][client & MASK];
    }

    /** Returns a column with other values for some clients: those at these indices. */
    public ClientColumn with(int[] clients, float[] values) {
        Check.that(clients.length == values.length, "values", "as many as clients, " + clients.length, values.length);
        float[][] changed = blocks.clone();
        for (int i = 0; i < clients.length; i++) {
            int client = Check.inRange("client index", 0, size - 1, clients[i]);
            int block = client >>> SHIFT;
            if (changed[block] == blocks[block]) {
                changed[block] = blocks[block].clone();
            }
            changed[block][client & MASK] = values[i];
        }
        return new ClientColumn(size, changed);
    }

    /** Returns all values in a new array. */
    public float[] toArray() {
        float[] values = new float[size];
        for (int i = 0; i < blocks.length; i++) {
            int from = i << SHIFT;
            System.arraycopy(blocks[i], 0, values, from, Math.min(1 << SHIFT, size - from));
        }
        return values;
    }
}
