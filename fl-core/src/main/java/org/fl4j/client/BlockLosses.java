package org.fl4j.client;

/**
 * The losses of one client of a block.
 *
 * @param sum over all examples, as often as they were used
 * @param squares the sum of their squares
 * @param lastSquares the same of the last batch alone
 */
record BlockLosses(double sum, double squares, double lastSquares) {
    /** Adds up the losses of the client at a place. */
    static BlockLosses of(BlockSchedule schedule, int place, float... losses) {
        double sum = 0;
        double squares = 0;
        double ofStep = 0;
        LocalSchedule own = schedule.of(place);
        for (int step = 0; step < own.steps(); step++) {
            ofStep = 0;
            int first = schedule.first(step, place);
            for (int i = 0; i < own.count(step); i++) {
                double loss = losses[first + i];
                sum += loss;
                ofStep += loss * loss;
            }
            squares += ofStep;
        }
        return new BlockLosses(sum, squares, ofStep);
    }

    LocalResult result(LocalSchedule schedule, double rate) {
        return LocalResult.of(schedule, rate, sum, squares, lastSquares);
    }
}
