package org.fl4j.message;

import org.fl4j.internal.Check;

/**
 * A question to clients, beside training and evaluation: how many examples of each class they have, say, or a first
 * pass of an algorithm that takes two. Its answers are updates without a delta, which fold like any other. See
 * {@link org.fl4j.core.Server#query}.
 *
 * @param name of what is asked, with its parameters, such as {@code class-counts:classes=10}. The library's clients
 *     look it up among the strategies ({@code org.fl4j.client.ClientQuery}); clients of your own may answer as they
 *     like
 * @param readsModel whether answers depend on the model, which then counts among the bytes that are sent
 * @param plan who is asked, and what they are sent
 */
public record Query(String name, boolean readsModel, RoundPlan plan) {
    /** Checks for presence. */
    public Query {
        Check.that(!Check.present("name", name).isBlank(), "name of a query", "one with letters", name);
        Check.present("plan", plan);
    }

    /** Returns the size of the message for one client. */
    public long byteCount(ClientId client) {
        return readsModel ? plan.byteCount(client) : plan.attachmentByteCount(client);
    }
}
