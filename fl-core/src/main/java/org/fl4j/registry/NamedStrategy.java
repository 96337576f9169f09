package org.fl4j.registry;

import java.util.function.Function;
import org.fl4j.internal.Check;

/**
 * A strategy that is made by its name.
 *
 * @param kind what it is, such as {@code Aggregator.class}
 * @param name lower-case letters, digits and hyphens
 * @param make reads its parameters and makes it
 */
public record NamedStrategy<T>(Class<T> kind, String name, Function<Parameters, ? extends T> make) {
    /** Checks the name. */
    public NamedStrategy {
        Check.present("kind", kind);
        Check.present("make", make);
        Check.that(name.matches("[a-z0-9-]+"), "name of a strategy", "lower-case letters, digits and hyphens", name);
    }
}
