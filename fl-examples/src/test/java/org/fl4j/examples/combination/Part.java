package org.fl4j.examples.combination;

import java.util.function.BiConsumer;
import org.fl4j.simulation.SimulationBuilder;

/**
 * One side of a pair: something with a name that a run can be given.
 *
 * @param kind the group of columns that it is in
 * @param name as users write it
 * @param settings its parameters in the tiny run, as users write them; empty if it has its defaults
 * @param put gives it to a run
 */
record Part(Kind kind, String name, String settings, BiConsumer<TinyRun, SimulationBuilder> put) {
    /** The groups of columns, in the order of the page. */
    enum Kind {
        NONE("nothing else"),
        ALGORITHM("algorithms, set after that of the row"),
        AGGREGATOR("aggregators"),
        SERVER_OPTIMIZER("server optimizers"),
        SELECTOR("client selectors"),
        TRANSFORM("upload transforms"),
        CODEC("codecs"),
        ATTACK("attacks and poisons, by two of the clients"),
        CLOCK("clocks and adaptive training");

        private final String title;

        Kind(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }

    /** No part at all. */
    static final Part NOTHING = new Part(Kind.NONE, "alone", "", (tiny, run) -> {});

    /** Returns what to look up its observables by. */
    String key() {
        return kind + " " + name;
    }

    /** Returns name and parameters on one line. */
    String line() {
        return settings.isEmpty() ? name : name + ":" + settings;
    }

    @Override
    public String toString() {
        return line();
    }
}
