package org.fl4j.privacy.secure;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Simulates secure aggregation (Bonawitz et al. 2017, "Practical secure aggregation"; SecAgg+ of Bell et al. 2020): of
 * each client the server sees its vector plus masks, uniform in a ring of 2^32. Neighbours on a circle, on which
 * clients have random places, up to {@value #REACH} to each side, agree on a mask that one adds and the other
 * subtracts, so these vanish in the sum; each client adds one mask of its own besides. All clients hold Shamir shares
 * of each other's two secrets. After the round the server asks the survivors for shares: of the own mask of those whose
 * vector arrived, and of the key of those whose did not, never of both of one client. {@code threshold} survivors are
 * enough, and fewer tell it nothing. Survivors whom drop-outs cut off from the most others on the circle count as lost
 * too, or their own sum would be known.
 *
 * <p>What is simulated: all parties are in this object, and the group in which they agree on keys has 61 bits, which is
 * right arithmetic and no security. A round costs O(clients x neighbours) streams, and O(clients x threshold^2)
 * operations to share and to recover secrets.
 */
public final class SecureSum {
    private static final int REACH = 16;
    private static final long GENERATOR = 37; // of all numbers modulo 2^61 - 1 but 0

    private final int clients;
    private final int threshold;
    private final int[] places; // on the circle, of each client
    private final long[] keys; // secret, of each client
    private final long[] publicKeys;
    private final long[] ownMasks; // secret
    private final Seed seed;

    /**
     * Sets up a round.
     *
     * @param clients who agreed on masks, 0 to clients - 1; at least 2
     * @param threshold how many must survive, more than half of them
     * @param seed of this round's secrets
     */
    public SecureSum(int clients, int threshold, Seed seed) {
        this.clients = Check.atLeast("clients", 2, clients);
        this.threshold = Check.inRange("threshold", clients / 2 + 1, clients, threshold);
        this.seed = Check.present("seed", seed);
        places = Sampling.permutation(clients, seed.derive("places").generator());
        keys = secrets("key");
        publicKeys =
                Arrays.stream(keys).map(key -> PrimeField.power(GENERATOR, key)).toArray();
        ownMasks = secrets("own mask");
    }

    private long[] secrets(String purpose) {
        return IntStream.range(0, clients)
                .mapToLong(client ->
                        seed.derive(purpose).derive(client).generator().nextLong(1, PrimeField.PRIME))
                .toArray();
    }

    /** Returns what a client sends of its encoded vector. */
    public int[] masked(int client, int... encoded) {
        Check.inRange("client", 0, clients - 1, client);
        int[] sent = encoded.clone();
        addMask(sent, ownMasks[client], 1);
        neighbours(client)
                .forEach(other ->
                        addMask(sent, PrimeField.power(publicKeys[other], keys[client]), client < other ? 1 : -1));
        return sent;
    }

    private IntStream neighbours(int client) {
        return IntStream.range(0, clients).filter(other -> {
            int distance = Math.abs(places[client] - places[other]);
            return distance > 0 && Math.min(distance, clients - distance) <= REACH;
        });
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
        TreeMap<Integer, int[]> survivors = new TreeMap<>(arrived);
        survivors.keySet().retainAll(connected(survivors.keySet()));
        if (survivors.size() < threshold) {
            throw new IllegalStateException("clients that survive and are not cut off must be at least " + threshold
                    + ", but were " + survivors.size());
        }
        int[] holders = survivors.keySet().stream()
                .limit(threshold)
                .mapToInt(client -> client + 1)
                .toArray();
        long[] weights = PrimeField.weights(holders);
        int length = survivors.firstEntry().getValue().length;
        int[] sum = new int[length];
        survivors.forEach((client, sent) -> {
            Check.inRange("client", 0, clients - 1, client);
            Check.that(
                    sent.length == length,
                    "length of the vector of client " + client,
                    "that of all, " + length,
                    sent.length);
            add(sum, sent);
            addMask(sum, recovered(ownMasks[client], "shares of own mask", client, holders, weights), -1);
        });
        for (int lost = 0; lost < clients; lost++) {
            if (!survivors.containsKey(lost)) {
                int dead = lost;
                long key = recovered(keys[dead], "shares of key", dead, holders, weights);
                neighbours(dead)
                        .filter(survivors::containsKey)
                        .forEach(
                                other -> addMask(sum, PrimeField.power(publicKeys[other], key), other < dead ? -1 : 1));
            }
        }
        return sum;
    }

    /**
     * The most survivors that are all connected through neighbours who survive; of several such sets that of the lowest
     * client.
     */
    private Set<Integer> connected(Set<Integer> survivors) {
        Set<Integer> most = Set.of();
        Set<Integer> seen = new TreeSet<>();
        for (int first : survivors) {
            if (seen.add(first)) {
                Set<Integer> reached = new TreeSet<>(Set.of(first));
                Deque<Integer> next = new ArrayDeque<>(reached);
                while (!next.isEmpty()) {
                    neighbours(next.remove())
                            .filter(survivors::contains)
                            .filter(reached::add)
                            .forEach(next::add);
                }
                seen.addAll(reached);
                most = reached.size() > most.size() ? reached : most;
            }
        }
        return most;
    }

    /** What the server computes of a client's secret from the shares that these holders have of it. */
    private long recovered(long secret, String purpose, int client, int[] holders, long... weights) {
        long[] polynomial = PrimeField.polynomial(
                secret, threshold, seed.derive(purpose).derive(client).generator());
        long sum = 0;
        for (int i = 0; i < holders.length; i++) {
            sum = PrimeField.add(sum, PrimeField.multiply(weights[i], PrimeField.share(holders[i], polynomial)));
        }
        return sum;
    }

    private static void addMask(int[] sum, long secret, int sign) {
        RandomGenerator random = new Seed(secret).derive("mask").generator();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += sign * random.nextInt();
        }
    }

    /** In the ring of 2^32, which is what int arithmetic is. */
    private static void add(int[] sum, int... values) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i];
        }
    }
}
