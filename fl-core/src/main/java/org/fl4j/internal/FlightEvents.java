package org.fl4j.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/**
 * Events of Java Flight Recorder, so that a profile names rounds, clients and programs. Each begins when
 * it is made and ends with {@code commit}; without a recording they cost next to nothing.
 */
@SuppressWarnings("UnusedVariable") // fields are read by the recorder
public final class FlightEvents {
    private FlightEvents() {}

    /** A round, from its plan to its record. */
    @Name("org.fl4j.Round")
    @Label("Round")
    @Category("FL4J")
    @StackTrace(false)
    public static final class Round extends Event {
        @Label("Round")
        private final int round;

        /** Begins. */
        public Round(int round) {
            this.round = round;
            begin();
        }
    }

    /** A client's work on a worker's thread. */
    @Name("org.fl4j.Client")
    @Label("Client")
    @Category("FL4J")
    @StackTrace(false)
    public static final class Client extends Event {
        @Label("Round")
        private final int round;

        @Label("Client")
        @Description("Its index. Of clients that train in a block, the first one's")
        private final int client;

        @Label("Work")
        @Description("train, query or evaluate")
        private final String work;

        /** Begins. */
        public Client(int round, int client, String work) {
            this.round = round;
            this.client = client;
            this.work = work;
            begin();
        }
    }

    /** The server takes an update, or the sum of a block of clients. */
    @Name("org.fl4j.Fold")
    @Label("Fold")
    @Category("FL4J")
    @StackTrace(false)
    public static final class Fold extends Event {
        @Label("Round")
        private final int round;

        @Label("Client")
        @Description("Its index. Of a block's sum, the least of its clients'; -1 if none of them sent anything")
        private final int client;

        /** Begins. */
        public Fold(int round, int client) {
            this.round = round;
            this.client = client;
            begin();
        }
    }

    /** The evaluation after a round. */
    @Name("org.fl4j.Evaluation")
    @Label("Evaluation")
    @Category("FL4J")
    @StackTrace(false)
    public static final class Evaluation extends Event {
        @Label("Round")
        private final int round;

        @Label("Clients")
        @Description("How many evaluate on their own data")
        private final int clients;

        /** Begins. */
        public Evaluation(int round, int clients) {
            this.round = round;
            this.clients = clients;
            begin();
        }
    }

    /** A call of a compiled program. */
    @Name("org.fl4j.Program")
    @Label("Program")
    @Description("A compiled program, such as the local training of a client or of a block")
    @Category("FL4J")
    @StackTrace(false)
    @Threshold("1 ms")
    public static final class Program extends Event {
        @Label("Method")
        private final String method;

        /** Begins. */
        public Program(String method) {
            this.method = method;
            begin();
        }
    }
}
