package org.fl4j.core;

import org.fl4j.internal.Check;
import org.fl4j.message.RejectionReason;

/** Whether an update may enter the aggregate. A weight counts only after its update was accepted and folded. */
public sealed interface Admission {
    /** The update is folded. */
    record Accepted() implements Admission {}

    /**
     * The update is left out and reported.
     *
     * @param reason what kind of fault
     * @param detail the rule and the value, for a person
     */
    record Rejected(RejectionReason reason, String detail) implements Admission {
        /** Checks for presence. */
        public Rejected {
            Check.present("reason", reason);
            Check.present("detail", detail);
        }
    }

    /** Returns the acceptance. */
    static Admission accepted() {
        return new Accepted();
    }

    /** Returns a rejection. */
    static Admission rejected(RejectionReason reason, String detail) {
        return new Rejected(reason, detail);
    }
}
