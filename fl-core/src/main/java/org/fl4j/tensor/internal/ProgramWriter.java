package org.fl4j.tensor.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Collects lines of TorchScript and gives out fresh names. */
final class ProgramWriter {
    private final List<String> setup = new ArrayList<>();
    private final List<String> step = new ArrayList<>();
    private int names;

    /** Returns a name that no other line uses. */
    String fresh(String stem) {
        return stem + "_" + names++;
    }

    /** Adds a line that runs once before the steps. */
    void setup(String format, Object... arguments) {
        setup.add(String.format(Locale.ROOT, format, arguments));
    }

    /** Adds a line that runs in every step. */
    void step(String format, Object... arguments) {
        step.add(String.format(Locale.ROOT, format, arguments));
    }

    /** Adds a line that computes a value in every step, and returns the value's name. */
    String value(String format, Object... arguments) {
        String name = fresh("t");
        step(name + " = " + format, arguments);
        return name;
    }

    /** Adds a line that runs in every step for what it does. */
    void effect(String format, Object... arguments) {
        step(fresh("e") + " = " + format, arguments);
    }

    List<String> setup() {
        return setup;
    }

    List<String> step() {
        return step;
    }
}
