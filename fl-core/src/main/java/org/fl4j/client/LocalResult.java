package org.fl4j.client;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;

/**
 * What a local training came to, beside the model.
 *
 * @param steps optimizer steps, at least 0
 * @param metrics such as {@code train/loss}, for people
 * @param facts such as the learning rate, for rules
 */
public record LocalResult(long steps, Metrics metrics, Facts facts) {
    /** Checks all. */
    public LocalResult {
        Check.that(steps >= 0, "steps", "at least 0", steps);
        Check.present("metrics", metrics);
        Check.present("facts", facts);
    }

    /**
     * Says what is known of a training on batches.
     *
     * @param loss the sum of the losses of all examples, as often as they were used
     * @param squares the sum of their squares
     * @param lastSquares the same of the last batch alone
     */
    static LocalResult of(LocalSchedule schedule, double rate, double loss, double squares, double lastSquares) {
        int seen = schedule.rows().length;
        if (seen == 0) {
            return new LocalResult(schedule.steps(), Metrics.none());
        }
        Map<Fact<?>, Object> facts = new TreeMap<>();
        facts.put(TrainingFacts.EXAMPLES_SEEN, (long) seen);
        facts.put(TrainingFacts.LOSS, loss / seen);
        facts.put(TrainingFacts.SQUARED_LOSS, squares / seen);
        facts.put(TrainingFacts.LAST_SQUARED_LOSS, lastSquares / schedule.count(schedule.steps() - 1));
        facts.put(TrainingFacts.LEARNING_RATE, rate);
        Metrics metrics = Metrics.of(TrainingFacts.LOSS.name(), loss, seen);
        return new LocalResult(schedule.steps(), metrics, new Facts(facts));
    }

    /** Returns what is said of an update, with a size that is not known yet. */
    Receipt receipt(TrainingTask task, int examples) {
        return new Receipt(
                task.client(),
                Receipt.Outcome.SENT,
                task.modelVersion(),
                examples,
                steps,
                facts,
                metrics,
                /* bytes= */ 0);
    }

    /** Says nothing that rules go by. */
    public LocalResult(long steps, Metrics metrics) {
        this(steps, metrics, Facts.none());
    }
}
