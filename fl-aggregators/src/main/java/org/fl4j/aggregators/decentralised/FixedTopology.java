package org.fl4j.aggregators.decentralised;

import org.fl4j.internal.Check;

/** Those that follow from the number of nodes alone. */
enum FixedTopology implements Topology {
    RING {
        @Override
        public NodeGraph of(int nodes, int round) {
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int node = 1; node < nodes; node++) {
                graph.edge(node - 1, node);
            }
            return nodes > 2 ? graph.edge(nodes - 1, 0).build() : graph.build();
        }
    },
    TORUS {
        @Override
        public NodeGraph of(int nodes, int round) {
            int rows = (int) Math.sqrt(nodes);
            while (rows > 1 && nodes % rows != 0) {
                rows--;
            }
            Check.that(rows > 1, "nodes of a torus", "rows times columns, of two at least each", nodes);
            int columns = nodes / rows;
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int node = 0; node < nodes; node++) {
                int row = node / columns;
                int column = node % columns;
                graph.edge(node, row * columns + (column + 1) % columns);
                graph.edge(node, (row + 1) % rows * columns + column);
            }
            return graph.build();
        }
    },
    EXPONENTIAL {
        @Override
        public NodeGraph of(int nodes, int round) {
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int node = 0; node < nodes; node++) {
                for (int distance = 1; distance < nodes; distance *= 2) {
                    graph.edge(node, (node + distance) % nodes);
                }
            }
            return graph.build();
        }
    },
    STAR {
        @Override
        public NodeGraph of(int nodes, int round) {
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int node = 1; node < nodes; node++) {
                graph.edge(0, node);
            }
            return graph.build();
        }
    },
    COMPLETE {
        @Override
        public NodeGraph of(int nodes, int round) {
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            for (int a = 1; a < nodes; a++) {
                for (int b = 0; b < a; b++) {
                    graph.edge(a, b);
                }
            }
            return graph.build();
        }
    }
}
