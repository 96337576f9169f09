package org.fl4j.privacy.accounting;

import java.util.List;
import org.fl4j.internal.Check;

/**
 * A number of like rounds.
 *
 * @param mechanism what noise
 * @param sampling how clients were drawn
 * @param rounds how often, at least 0
 */
public record PrivacyEvent(Mechanism mechanism, SamplingScheme sampling, long rounds) {
    /** Checks all. */
    public PrivacyEvent {
        Check.present("mechanism", mechanism);
        Check.present("sampling", sampling);
        Check.that(rounds >= 0, "rounds", "at least 0", rounds);
    }

    /** Accepts events whose guarantees are about the same neighbours. */
    static void requireOneKind(List<PrivacyEvent> events) {
        for (PrivacyEvent event : events) {
            Neighbouring kind = event.sampling().neighbouring();
            Neighbouring first = events.get(0).sampling().neighbouring();
            Check.that(kind == first, "neighbouring relation of all events", "the same, " + first, kind);
        }
    }
}
