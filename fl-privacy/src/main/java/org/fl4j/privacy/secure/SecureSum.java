package org.fl4j.privacy.secure;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;

/**
 * Simulates secure aggregation (Bonawitz et al. 2017, "Practical secure aggregation"; SecAgg+ of Bell et al. 2020): of each
 * client the server sees its vector plus masks, uniform in a ring of 2^32. Each pair of clients shares a mask that one adds and
 * the other subtracts, so masks of pairs vanish in the sum; each client adds one mask of its own besides. After the round the
 * server asks the survivors for shares: of the own masks of those whose vector arrived, and of the pair masks of those whose
 * did not, never of both of one client. It gets them if at least {@code threshold} clients survive.
 *
 * <p>What is simulated: keys come from a seed instead of an agreement between clients, and shares are handed out if enough
 * clients survive, without Shamir's arithmetic. Masks, ring, drop-outs and recovery are real. Every pair of clients shares a mask,
 * so a round costs O(clients^2) streams.
 */
public final class SecureSum {
    private final int clients;
    private final int threshold;
    private final Seed seed;

    /**
     * Sets up a round.
     *
     * @param clients who agreed on masks, 0 to clients - 1; at least 2
     * @param threshold how many must survive, more than half of them
     * @param seed of this round's keys
     */
    public SecureSum(int clients, int threshold, Seed seed) {
        this.clients = Check.atLeast("clients", 2, clients);
        this.threshold = Check.inRange("threshold", clients / 2 + 1, clients, threshold);
        this.seed = Check.present("seed", seed);
    }

    /** Returns what a client sends of its encoded vector. */
    public int[] masked(int client, int... encoded) {
        Check.inRange("client", 0, clients - 1, client);
        int[] sent = encoded.clone();
        add(sent, ownMask(client, encoded.length), 1);
        for (int other = 0; other < clients; other++) {
            if (other != client) {
                add(sent, pairMask(client, other, encoded.length), client < other ? 1 : -1);
            }
        }
        return sent;
    }

    /**
     * Returns the sum, in the ring, of the vectors that arrived.
     *
     * @param arrived what clients sent, by client
     * @throws IllegalStateException if fewer arrived than the threshold: nothing can be recovered then
     */
    public int[] unmasked(Map<Integer, int[]> arrived) {
        if (arrived.size() < threshold) {
            throw new IllegalStateException(
                    "clients that survive must be at least " + threshold + ", but were " + arrived.size());
        }
        Set<Integer> lost = new TreeSet<>();
        for (int client = 0; client < clients; client++) {
            lost.add(client);
        }
        lost.removeAll(arrived.keySet());
        int length = arrived.values().iterator().next().length;
        int[] sum = new int[length];
        new TreeMap<>(arrived).forEach((client, sent) -> {
            Check.inRange("client", 0, clients - 1, client);
            Check.that(
                    sent.length == length,
                    "length of the vector of client " + client,
                    "that of all, " + length,
                    sent.length);
            add(sum, sent, 1);
            add(sum, ownMask(client, length), -1);
            for (int dead : lost) {
                add(sum, pairMask(client, dead, length), client < dead ? -1 : 1);
            }
        });
        return sum;
    }

    private int[] ownMask(int client, int length) {
        return stream(seed.derive("own mask").derive(client), length);
    }

    private int[] pairMask(int one, int other, int length) {
        Seed pair = seed.derive("pair mask").derive(Math.min(one, other)).derive(Math.max(one, other));
        return stream(pair, length);
    }

    private static int[] stream(Seed key, int length) {
        RandomGenerator random = NoiseSource.seeded().generator(key);
        int[] mask = new int[length];
        for (int i = 0; i < length; i++) {
            mask[i] = random.nextInt();
        }
        return mask;
    }

    /** In the ring of 2^32, which is what int arithmetic is. */
    private static void add(int[] sum, int[] values, int sign) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += sign * values[i];
        }
    }
}
