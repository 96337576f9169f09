package org.fl4j.core;

/**
 * Changes an update on the client, after training and before it is sent: clip, add noise, compress. Pure: the result is
 * a new update, or the same object if nothing had to change.
 */
@FunctionalInterface
public interface UpdateTransform {
    /** Returns the update to send instead; {@code task} is what the client was asked. */
    ModelUpdate transform(ModelUpdate update, TrainingTask task);

    /**
     * Returns whether updates no longer say how many steps and examples they took: all say 1. An aggregator that goes by them can ask before the
     * first round. By default they do say so.
     */
    default boolean hidesCounts() {
        return false;
    }

    /** Returns this transform followed by another; what the first keeps of the client stays. */
    default UpdateTransform andThen(UpdateTransform next) {
        return (update, task) -> {
            ModelUpdate between = transform(update, task);
            return next.transform(between, task).withKeptOf(between);
        };
    }

    /** Returns the transform that changes nothing. */
    static UpdateTransform none() {
        return (update, task) -> update;
    }
}
