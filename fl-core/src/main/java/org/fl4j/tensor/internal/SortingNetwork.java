package org.fl4j.tensor.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which pairs of values are compared, and exchanged if they are out of order, until some of them are where they belong:
 * Batcher's merge exchange (Knuth, The Art of Computer Programming 3, algorithm 5.2.2 M), without the comparisons that
 * no needed place depends on. The same pairs for all columns of a matrix, so each comparison is one operation on rows.
 */
public final class SortingNetwork {
    private static final Map<List<Integer>, SortingNetwork> KNOWN = new ConcurrentHashMap<>();

    private final long[] low;
    private final long[] high;
    private final long[] outputs; // which are needed: 1 the lesser, 2 the greater, 3 both

    private SortingNetwork(long[] low, long[] high, long... outputs) {
        this.low = low;
        this.high = high;
        this.outputs = outputs;
    }

    /** Returns the network for so many values of which the places {@code from} to {@code to - 1} are needed. */
    public static SortingNetwork of(int count, int from, int to) {
        return KNOWN.computeIfAbsent(List.of(count, from, to), key -> made(count, from, to));
    }

    private static SortingNetwork made(int count, int from, int to) {
        List<int[]> pairs = mergeExchange(count);
        boolean[] needed = new boolean[count];
        for (int i = from; i < to; i++) {
            needed[i] = true;
        }
        Deque<int[]> kept = new ArrayDeque<>();
        for (int i = pairs.size() - 1; i >= 0; i--) {
            int[] pair = pairs.get(i);
            int outputs = (needed[pair[0]] ? 1 : 0) + (needed[pair[1]] ? 2 : 0);
            if (outputs > 0) {
                needed[pair[0]] = true;
                needed[pair[1]] = true;
                kept.addFirst(new int[] {pair[0], pair[1], outputs});
            }
        }
        return new SortingNetwork(
                kept.stream().mapToLong(step -> step[0]).toArray(),
                kept.stream().mapToLong(step -> step[1]).toArray(),
                kept.stream().mapToLong(step -> step[2]).toArray());
    }

    private static List<int[]> mergeExchange(int count) {
        List<int[]> pairs = new ArrayList<>();
        int top = Integer.highestOneBit(Math.max(1, count - 1));
        for (int p = top; p > 0; p >>= 1) {
            int q = top;
            int r = 0;
            int distance = p;
            while (true) {
                for (int i = 0; i + distance < count; i++) {
                    if ((i & p) == r) {
                        pairs.add(new int[] {i, i + distance});
                    }
                }
                if (q == p) {
                    break;
                }
                distance = q - p;
                q >>= 1;
                r = p;
            }
        }
        return pairs;
    }

    /** Returns the first value of each pair. */
    public long[] low() {
        return low.clone();
    }

    /** Returns the second value of each pair. */
    public long[] high() {
        return high.clone();
    }

    /** Returns what is needed of each pair: 1 the lesser, 2 the greater, 3 both. */
    public long[] outputs() {
        return outputs.clone();
    }
}
