package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/**
 * How deltas travel from clients to the server. Encoding is the last thing that happens to a delta on the client, after
 * all {@linkplain UpdateTransform transforms}. Decoding is the first thing that happens to it on the server, before any
 * rule sees it. A codec has no state of its own: what the two sides must remember of one client is handed to it, and it
 * returns what they remember next. Both are kept only if the server accepts the update. Called by several threads at
 * once.
 *
 * <p>Attachments and facts are not encoded. A run refuses a codec where its sums are secret, for the server must decode
 * each delta.
 */
public interface Codec {
    /** The slot of what a sender keeps. */
    Slot SENDER = Slot.ofClient("codec-sender");

    /** The slot of what the receiver keeps of a sender. */
    Slot RECEIVER = Slot.ofServer("codec-receiver");

    /**
     * What travels in place of a delta.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param arrays by name, at least one, of any types; their size is what is charged as sent
     * @param sender what the sender keeps; {@link StrategyState#empty} keeps what it has
     */
    record Encoded(Map<String, NDArray> arrays, StrategyState sender) {
        /** Copies the map. */
        public Encoded {
            arrays = Collections.unmodifiableMap(new TreeMap<>(arrays));
            Check.that(!arrays.isEmpty(), "arrays of an encoded delta", "at least one", arrays.keySet());
            Check.present("sender", sender);
        }
    }

    /**
     * What the server reads.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param delta of the layout asked for, in arrays of its own
     * @param receiver what the receiver keeps; {@link StrategyState#empty} keeps what it has
     */
    record Decoded(ParameterVector delta, StrategyState receiver) {
        /** Checks for presence. */
        public Decoded {
            Check.present("delta", delta);
            Check.present("receiver", receiver);
        }
    }

    /**
     * Encodes a delta. Values that are not finite must not become finite: the server would not see that something is
     * wrong.
     *
     * @param delta what the client would send; not changed
     * @param sender what the sender kept of its last accepted update; empty before that
     * @param seed of this client in this round
     */
    Encoded encode(ParameterVector delta, StrategyState sender, Seed seed);

    /**
     * Decodes a delta.
     *
     * @param arrays as they were encoded, or whatever a broken client sends; not changed
     * @param layout of the delta
     * @param receiver what the receiver kept of the client's last accepted update; empty before that
     * @throws IllegalArgumentException if the arrays cannot be decoded; the update is then rejected as {@link
     *     RejectionReason#UNDECODABLE}
     */
    Decoded decode(Map<String, NDArray> arrays, ParameterLayout layout, StrategyState receiver);

    /**
     * Returns how many bytes an encoded delta takes, as far as that is known before training: simulated clocks plan
     * arrivals with it. Reports have the sizes that were really sent.
     */
    long plannedBytes(ParameterLayout layout);
}
