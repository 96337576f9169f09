package org.fl4j.message;

import org.fl4j.internal.Check;

/**
 * Where one feature keeps something of each client between its rounds, such as SCAFFOLD's control variates. Every
 * feature has a slot of its own, so several on one client never overwrite each other.
 *
 * @param name of the feature, in lower-case letters, digits and hyphens; slots of one name are one slot
 * @param owner whose it is
 */
public record Slot(String name, Owner owner) {
    /** Who keeps what is in a slot. In a simulation the run keeps both. */
    public enum Owner {
        /** The client: where clients are machines of their own, it never leaves theirs. */
        CLIENT,
        /** The server, for the client, such as a model of the client's own that the server sends it. */
        SERVER
    }

    /** Checks the name. */
    public Slot {
        Check.that(name.matches("[a-z0-9-]+"), "name of a slot", "lower-case letters, digits and hyphens", name);
        Check.present("owner", owner);
    }

    /** Returns a slot that clients own. */
    public static Slot ofClient(String name) {
        return new Slot(name, Owner.CLIENT);
    }

    /** Checks that a client may keep something here. */
    public static void requireOfClient(Slot slot) {
        Check.that(slot.owner == Owner.CLIENT, "slot that a client keeps", "one that clients own", slot);
    }

    /** Returns a slot that the server owns. */
    public static Slot ofServer(String name) {
        return new Slot(name, Owner.SERVER);
    }
}
