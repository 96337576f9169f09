package org.fl4j.message;

import org.fl4j.internal.Check;

/**
 * The name and type of something that a server writes into its {@link RoundPlan} and reads again when the round's
 * updates are there. Whoever needs a note defines it, as a constant.
 *
 * @param name with the prefix of the server that writes it, such as {@code clock/schedule}
 * @param type the class of the value
 */
public record Note<T>(String name, Class<T> type) {
    /** Checks for presence. */
    public Note {
        Check.present("name", name);
        Check.present("type", type);
    }
}
