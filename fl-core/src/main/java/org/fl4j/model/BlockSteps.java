package org.fl4j.model;

/**
 * Which example each step of a block of clients uses: rows by step, client and place in the batch. For one block; the
 * arrays are not copied.
 */
public final class BlockSteps {
    private final int clients;
    private final int batch;
    private final int[] rows;
    private final float[] shares;
    private final long[] actives;

    /**
     * Makes the steps of a block.
     *
     * @param clients how many clients there are
     * @param batch how many rows each step has for a client, of which some may fill up its batch
     * @param rows which example is used
     * @param shares how much each row counts: the inverse of the number of rows that count, or 0
     * @param actives how many clients take part in each step, the first ones: never more than in the step before
     */
    public BlockSteps(int clients, int batch, int[] rows, float[] shares, long... actives) {
        this.clients = clients;
        this.batch = batch;
        this.rows = rows;
        this.shares = shares;
        this.actives = actives;
    }

    int clients() {
        return clients;
    }

    int batch() {
        return batch;
    }

    int[] rows() {
        return rows;
    }

    float[] shares() {
        return shares;
    }

    long[] actives() {
        return actives;
    }
}
