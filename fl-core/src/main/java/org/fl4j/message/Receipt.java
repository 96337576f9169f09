package org.fl4j.message;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;

/**
 * An update without its arrays: what clocks, ledgers and selectors read of it. There is one for every client that a
 * round asked, whether its update came or not.
 *
 * @param client who was asked
 * @param outcome what became of the update
 * @param modelVersion the version of the model that the client started from; 0 if it is not known
 * @param exampleCount how many distinct examples it trained on; 0 if no update came
 * @param localSteps how many optimizer steps it took; 0 if no update came
 * @param facts what rules go by
 * @param metrics what the client measured, for people
 * @param bytes the size of the update's arrays as they were sent; 0 if no update came, and as long as the server has
 *     not read it
 */
public record Receipt(
        ClientId client,
        Outcome outcome,
        int modelVersion,
        long exampleCount,
        long localSteps,
        Facts facts,
        Metrics metrics,
        long bytes) {
    /** What became of a client's update. */
    public enum Outcome {
        /** It was sent; nobody has judged it yet. */
        SENT,
        /** It was folded. */
        ACCEPTED,
        /** It came, and was left out. */
        REJECTED,
        /** The round did not wait for it. */
        LATE,
        /** The client was gone before it was done. */
        DROPPED_OUT,
        /** None came that the server could judge: the client failed, or claimed what cannot be true. */
        FAILED
    }

    /** Checks for presence only; values are judged by the server. */
    public Receipt {
        Check.present("client", client);
        Check.present("outcome", outcome);
        Check.present("facts", facts);
        Check.present("metrics", metrics);
    }

    /** Makes a receipt with facts alone, such as that of a client from whom no update came. */
    public static Receipt of(ClientId client, Outcome outcome, int modelVersion, Facts facts) {
        return new Receipt(client, outcome, modelVersion, 0, 0, facts, Metrics.none(), 0);
    }

    /** Returns the same receipt with another outcome. */
    public Receipt with(Outcome other) {
        return with(other, bytes);
    }

    /** Returns the same receipt with another outcome and size. */
    public Receipt with(Outcome other, long size) {
        return new Receipt(client, other, modelVersion, exampleCount, localSteps, facts, metrics, size);
    }

    /** Returns the same receipt with other facts and metrics. */
    public Receipt with(Facts otherFacts, Metrics otherMetrics) {
        return new Receipt(client, outcome, modelVersion, exampleCount, localSteps, otherFacts, otherMetrics, bytes);
    }

    /** Returns the same receipt with other numbers of examples and steps. */
    public Receipt withCounts(long examples, long steps) {
        return new Receipt(client, outcome, modelVersion, examples, steps, facts, metrics, bytes);
    }

    /** Returns metrics and facts together, for people; of a fact and a metric with one name, the metric. */
    public Metrics measured() {
        return measured("");
    }

    /** Returns those metrics and facts whose name starts so. */
    public Metrics measured(String prefix) {
        Map<String, Metric> all = new TreeMap<>();
        facts.addNumbers(all, prefix);
        metrics.values().forEach((name, metric) -> {
            if (name.startsWith(prefix)) {
                all.put(name, metric);
            }
        });
        return all.isEmpty() ? Metrics.none() : new Metrics(all);
    }
}
