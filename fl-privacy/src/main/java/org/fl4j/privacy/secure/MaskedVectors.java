package org.fl4j.privacy.secure;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.random.Seed;

/** The encoded vectors of a round's clients, and their sum by {@link SecureSum}. */
final class MaskedVectors {
    private final Map<Integer, int[]> encoded = new TreeMap<>();

    void add(int client, int... vector) {
        encoded.put(client, vector);
    }

    void merge(MaskedVectors other) {
        encoded.putAll(other.encoded);
    }

    int count() {
        return encoded.size();
    }

    /** Returns the sum, in the ring, of all that are here, out of so many clients that agreed on masks. */
    int[] sum(int agreed, int threshold, Seed seed) {
        SecureSum protocol = new SecureSum(agreed, threshold, seed);
        Map<Integer, int[]> sent = new TreeMap<>();
        for (int[] vector : encoded.values()) {
            sent.put(sent.size(), protocol.masked(sent.size(), vector));
        }
        return protocol.unmasked(sent);
    }
}
