package org.fl4j.data;

import ai.djl.Device;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Draws the test examples of each client when the client is first asked for, and keeps their positions: four bytes
 * for each test example.
 */
final class LocalSplitter {
    private final FederatedDataset whole;
    private final double testShare;
    private final Seed seed;
    private final Map<ClientId, int[]> drawn = new ConcurrentHashMap<>(); // positions of test examples, ascending

    private LocalSplitter(FederatedDataset whole, double testShare, Seed seed) {
        this.whole = whole;
        this.testShare = testShare;
        this.seed = seed;
    }

    static LocalSplit split(FederatedDataset whole, double testShare, Seed seed) {
        Check.fraction("testShare", testShare);
        Check.present("seed", seed);
        LocalSplitter splitter = new LocalSplitter(whole, testShare, seed.derive("local test"));
        return new LocalSplit(splitter.new Part(/* test= */ false), splitter.new Part(/* test= */ true));
    }

    private int testCount(int count) {
        return Math.min((int) Math.round(testShare * count), Math.max(0, count - 1));
    }

    private int[] draw(ClientId client, ClientExamples all) {
        int count = testCount(all.count());
        return count == 0
                ? new int[0] // and no look at the labels, of which there may be none
                : draw(all.strata(), count, seed.derive(client.index()).generator());
    }

    /**
     * Ranks the i-th of n examples of a class, in random order, at (i + 1/2) / n, and takes those of lowest rank: so
     * each class gives a share of its examples that differs from the others' by rounding (Webster's apportionment).
     * The last example of each class ranks behind all that are not the last of theirs, so that it is taken when
     * nothing else is left.
     */
    private static int[] draw(int[] classes, int count, RandomGenerator random) {
        Map<Integer, Integer> sizes = new HashMap<>();
        for (int label : classes) {
            sizes.merge(label, 1, Integer::sum);
        }
        int[] order = Sampling.permutation(classes.length, random);
        double[] ranks = new double[classes.length];
        Map<Integer, Integer> seen = new HashMap<>();
        for (int position : order) {
            int place = seen.merge(classes[position], 1, Integer::sum);
            int size = sizes.get(classes[position]);
            ranks[position] = (place - 0.5) / size + (place == size ? 1 : 0);
        }
        return IntStream.of(order) // equal ranks stay in this order
                .boxed()
                .sorted(Comparator.comparingDouble(position -> ranks[position]))
                .limit(count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    /** One of the two parts: a view of the whole. */
    private final class Part implements FederatedDataset {
        private final boolean test;

        Part(boolean test) {
            this.test = test;
        }

        @Override
        public ClientDirectory clients() {
            return new Counted(whole.clients(), count -> test ? testCount(count) : count - testCount(count));
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            ClientExamples all = whole.examples(client, device);
            int[] testPositions = drawn.computeIfAbsent(client, any -> draw(client, all));
            int[] rows = new int[test ? testPositions.length : all.count() - testPositions.length];
            int next = 0;
            int tests = 0;
            for (int i = 0; i < all.count(); i++) {
                boolean isTest = tests < testPositions.length && testPositions[tests] == i;
                tests += isTest ? 1 : 0;
                if (isTest == test) {
                    rows[next++] = all.row(i);
                }
            }
            return new ClientExamples(all.source(), rows);
        }

        @Override
        public void release(ClientId client, Examples source) {
            whole.release(client, source);
        }

        @Override
        public String fingerprint() {
            return (test ? "test" : "train") + " part, " + testShare + " for tests by seed " + seed.value() + ", of "
                    + whole.fingerprint();
        }

        @Override
        public boolean sharesExamplesWith(FederatedDataset other) {
            return this == other || whole.sharesExamplesWith(other);
        }
    }

    /**
     * The clients of the whole, with the example counts of a part.
     *
     * @param count from the number of examples in the whole to that in the part
     */
    private record Counted(ClientDirectory whole, IntUnaryOperator count) implements ClientDirectory {
        @Override
        public int size() {
            return whole.size();
        }

        @Override
        public ClientId id(int position) {
            return whole.id(position);
        }

        @Override
        public int index(int position) {
            return whole.index(position);
        }

        @Override
        public int exampleCount(ClientId client) {
            return count.applyAsInt(whole.exampleCount(client));
        }

        @Override
        public int examplesAt(int position) {
            return count.applyAsInt(whole.examplesAt(position));
        }

        @Override
        public String name(ClientId client) {
            return whole.name(client);
        }
    }
}
