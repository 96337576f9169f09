package org.fl4j.core;

import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;

/**
 * Changes an update on the client, after training and before it is sent: clip, add noise. Pure: the result is a new
 * update, or the same object if nothing had to change. What makes an update smaller on its way is a {@link Codec}.
 */
@FunctionalInterface
public interface UpdateTransform {
    /** Returns the update to send instead; {@code task} is what the client was asked. */
    ModelUpdate transform(ModelUpdate update, TrainingTask task);

    /**
     * Returns whether updates no longer say how many steps and examples they took: all say 1. An aggregator that goes
     * by them can ask before the first round. By default they do say so.
     */
    default boolean hidesCounts() {
        return false;
    }

    /**
     * Returns whether the transform needs the delta of an update, such as clipping and noise: runs whose clients send
     * none then refuse it. By default not: it may be about attachments or facts.
     */
    default boolean readsDelta() {
        return false;
    }

    /** Returns what comes last of several transforms, one after the other; this one if it is not a chain. */
    default UpdateTransform last() {
        return this;
    }

    /** Returns this transform followed by another; what the first keeps of the client stays. */
    default UpdateTransform andThen(UpdateTransform next) {
        return new Chain(this, Check.present("next", next));
    }

    /**
     * Two transforms, one after the other.
     *
     * @param first changes what the client sends
     * @param second changes what that makes of it
     */
    record Chain(UpdateTransform first, UpdateTransform second) implements UpdateTransform {
        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            ModelUpdate between = first.transform(update, task);
            return second.transform(between, task).withKeptOf(between);
        }

        @Override
        public boolean readsDelta() {
            return first.readsDelta() || second.readsDelta();
        }

        @Override
        public UpdateTransform last() {
            return second.last();
        }

        @Override
        public boolean hidesCounts() {
            return first.hidesCounts() || second.hidesCounts();
        }
    }

    /** Returns the transform that changes nothing. */
    static UpdateTransform none() {
        return (update, task) -> update;
    }
}
