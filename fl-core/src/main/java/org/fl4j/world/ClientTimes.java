package org.fl4j.world;

import org.fl4j.message.Fact;

/** What a simulated clock knows of clients. The round's plan has it, before anyone trains. */
public final class ClientTimes {
    /** How long the client takes, in simulated seconds; not known of one that drops out. */
    public static final Fact<Double> SECONDS = Fact.ofServer("time/client seconds");

    /** When its update arrives, in simulated seconds since the run began. */
    public static final Fact<Double> END = Fact.ofServer("time/client end");

    private ClientTimes() {}
}
