package org.fl4j.aggregators.decentralised;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/** An undirected graph without loops: the neighbours of each node. */
public final class NodeGraph {
    private static final int POWER_STEPS = 2000;

    private final int[][] neighbours;

    private NodeGraph(int[][] neighbours) {
        this.neighbours = neighbours;
    }

    /** Collects edges; one that is there already is no other. */
    public static final class Builder {
        private final TreeMap<Integer, TreeSet<Integer>> edges = new TreeMap<>();

        /** Begins a graph without edges. */
        public Builder(int nodes) {
            Check.positive("nodes", nodes);
            for (int node = 0; node < nodes; node++) {
                edges.put(node, new TreeSet<>());
            }
        }

        /** Adds an edge. */
        public Builder edge(int a, int b) {
            Check.inRange("node", 0, edges.size() - 1, a);
            Check.inRange("node", 0, edges.size() - 1, b);
            Check.that(a != b, "edge", "between two nodes", a + " and itself");
            edges.get(a).add(b);
            edges.get(b).add(a);
            return this;
        }

        /** Returns whether there is an edge. */
        public boolean has(int a, int b) {
            return edges.get(a).contains(b);
        }

        /** Takes an edge away. */
        Builder without(int a, int b) {
            edges.get(a).remove(b);
            edges.get(b).remove(a);
            return this;
        }

        /** Returns the graph. */
        public NodeGraph build() {
            return new NodeGraph(edges.values().stream()
                    .map(others -> others.stream().mapToInt(Integer::intValue).toArray())
                    .toArray(int[][]::new));
        }
    }

    /** Returns the number of nodes. */
    public int size() {
        return neighbours.length;
    }

    /** Returns the neighbours of a node, in ascending order. */
    public int[] neighbours(int node) {
        return neighbours[node].clone();
    }

    /** Returns into how many parts without an edge between them the graph falls. */
    public int parts() {
        BitSet seen = new BitSet(size());
        int parts = 0;
        for (int start = seen.nextClearBit(0); start < size(); start = seen.nextClearBit(start)) {
            parts++;
            Deque<Integer> open = new ArrayDeque<>();
            open.add(start);
            seen.set(start);
            while (!open.isEmpty()) {
                for (int next : neighbours[open.remove()]) {
                    if (!seen.get(next)) {
                        seen.set(next);
                        open.add(next);
                    }
                }
            }
        }
        return parts;
    }

    /**
     * Returns how much each neighbour counts with a node, by Metropolis and Hastings: {@code 1 / (1 + max(d_i, d_j))},
     * with d the number of neighbours that are there. What is left to 1 is the node's own weight. So the weights of all
     * nodes are a symmetric matrix with rows and columns that add up to 1 (Xiao and Boyd 2004, section 4).
     *
     * @param present the nodes that are there; the others count nothing
     */
    public Map<Integer, Double> weights(int node, BitSet present) {
        Map<Integer, Double> weights = new TreeMap<>();
        int own = degree(node, present);
        for (int other : neighbours[node]) {
            if (present.get(other)) {
                weights.put(other, 1.0 / (1 + Math.max(own, degree(other, present))));
            }
        }
        return weights;
    }

    private int degree(int node, BitSet present) {
        return (int) Arrays.stream(neighbours[node]).filter(present::get).count();
    }

    /**
     * Returns 1 less the second largest size of an eigenvalue of the weights of all nodes, in [0, 1]: by averaging
     * alone, models' distances to their mean shrink at least by 1 less this gap in a round. By power iteration.
     */
    public double spectralGap() {
        BitSet all = new BitSet();
        all.set(0, size());
        var random = new Seed(1).generator();
        double[] vector = random.doubles(size(), -1, 1).toArray();
        double ratio = 0;
        for (int step = 0; step < POWER_STEPS; step++) {
            withoutMean(vector);
            double length = length(vector);
            if (length < 1e-200) {
                return 1;
            }
            for (int i = 0; i < vector.length; i++) {
                vector[i] /= length;
            }
            vector = mixed(vector, all); // twice, for eigenvalues of both signs may be equally large
            vector = mixed(vector, all);
            ratio = Math.sqrt(length(vector));
        }
        return Math.max(0, 1 - ratio);
    }

    private double[] mixed(double[] values, BitSet all) {
        double[] mixed = values.clone();
        for (int node = 0; node < values.length; node++) {
            for (Map.Entry<Integer, Double> other : weights(node, all).entrySet()) {
                mixed[node] += other.getValue() * (values[other.getKey()] - values[node]);
            }
        }
        return mixed;
    }

    private static void withoutMean(double... values) {
        double mean = Arrays.stream(values).average().orElse(0);
        for (int i = 0; i < values.length; i++) {
            values[i] -= mean;
        }
    }

    private static double length(double... values) {
        return Math.sqrt(Arrays.stream(values).map(value -> value * value).sum());
    }
}
