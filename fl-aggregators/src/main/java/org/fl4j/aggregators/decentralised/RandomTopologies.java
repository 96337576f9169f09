package org.fl4j.aggregators.decentralised;

import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/** Topologies that are drawn from a seed. */
final class RandomTopologies {
    private static final int MOST_TRIES = 1000;

    private RandomTopologies() {}

    record Regular(int degree, Seed seed) implements Topology {
        @Override
        public NodeGraph of(int nodes, int round) {
            Check.that(
                    degree < nodes, "degree of a random regular graph", "below the number of nodes, " + nodes, degree);
            Check.that(
                    (long) degree * nodes % 2 == 0,
                    "degree of a random regular graph",
                    "even, for the number of nodes is odd, " + nodes,
                    degree);
            RandomGenerator random = seed.generator();
            for (int attempt = 0; attempt < MOST_TRIES; attempt++) {
                NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
                if (paired(graph, nodes, random)) {
                    return graph.build();
                }
            }
            throw new IllegalArgumentException("degree of a random regular graph must be one that can be drawn in "
                    + MOST_TRIES + " attempts, but was " + degree + " of " + nodes + " nodes");
        }

        /** Joins free ends until none is left; false if those that are left cannot be joined. */
        private boolean paired(NodeGraph.Builder graph, int nodes, RandomGenerator random) {
            int[] ends = new int[degree * nodes];
            for (int i = 0; i < ends.length; i++) {
                ends[i] = i / degree;
            }
            int left = ends.length;
            int failures = 0;
            while (left > 0) {
                int i = random.nextInt(left);
                int j = random.nextInt(left);
                if (ends[i] == ends[j] || graph.has(ends[i], ends[j])) {
                    if (++failures > 10 * ends.length) {
                        return false;
                    }
                    continue;
                }
                graph.edge(ends[i], ends[j]);
                ends[Math.max(i, j)] = ends[left - 1];
                ends[Math.min(i, j)] = ends[left - 2];
                left -= 2;
            }
            return true;
        }
    }

    record Redrawn(int degree, Seed seed) implements Topology {
        @Override
        public NodeGraph of(int nodes, int round) {
            return new Regular(degree, seed.derive(round)).of(nodes, round);
        }

        @Override
        public boolean varies() {
            return true;
        }
    }

    record Matching(Seed seed) implements Topology {
        @Override
        public NodeGraph of(int nodes, int round) {
            int[] order = Sampling.permutation(nodes, seed.derive(round).generator());
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int i = 1; i < nodes; i += 2) {
                graph.edge(order[i - 1], order[i]);
            }
            return graph.build();
        }

        @Override
        public boolean varies() {
            return true;
        }
    }

    record Pairs(double probability, Seed seed) implements Topology {
        @Override
        public NodeGraph of(int nodes, int round) {
            RandomGenerator random = seed.generator();
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int a = 1; a < nodes; a++) {
                for (int b = 0; b < a; b++) {
                    if (random.nextDouble() < probability) {
                        graph.edge(a, b);
                    }
                }
            }
            return graph.build();
        }
    }

    record SmallWorld(int degree, double probability, Seed seed) implements Topology {
        @Override
        public NodeGraph of(int nodes, int round) {
            Check.that(degree < nodes, "degree of a small world", "below the number of nodes, " + nodes, degree);
            RandomGenerator random = seed.generator();
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int node = 0; node < nodes; node++) {
                for (int distance = 1; distance <= degree / 2; distance++) {
                    graph.edge(node, (node + distance) % nodes);
                }
            }
            for (int distance = 1; distance <= degree / 2; distance++) {
                for (int node = 0; node < nodes; node++) {
                    int other = random.nextInt(nodes);
                    boolean moves = random.nextDouble() < probability;
                    int end = (node + distance) % nodes;
                    if (moves && other != node && !graph.has(node, other) && graph.has(node, end)) {
                        graph.without(node, end).edge(node, other);
                    }
                }
            }
            return graph.build();
        }
    }
}
