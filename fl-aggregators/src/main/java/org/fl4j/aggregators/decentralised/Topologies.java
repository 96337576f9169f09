package org.fl4j.aggregators.decentralised;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/** The topologies of this library. */
public final class Topologies {
    private Topologies() {}

    /** Returns a ring: two neighbours each. */
    public static Topology ring() {
        return FixedTopology.RING;
    }

    /** Returns a grid whose borders meet, as square as the number of nodes allows: up to four neighbours each. */
    public static Topology torus() {
        return FixedTopology.TORUS;
    }

    /** Returns the graph in which nodes are neighbours at the distances 1, 2, 4, ... around a ring. */
    public static Topology exponential() {
        return FixedTopology.EXPONENTIAL;
    }

    /** Returns the graph in which the first node is everybody's neighbour, and there is no other. */
    public static Topology star() {
        return FixedTopology.STAR;
    }

    /** Returns the graph in which all are neighbours. */
    public static Topology complete() {
        return FixedTopology.COMPLETE;
    }

    /**
     * Returns a random graph in which all have equally many neighbours (pairs of free ends, as long as they fit: Steger
     * and Wormald 1999).
     *
     * @param degree how many, at least 1; the product with the number of nodes is even
     */
    public static Topology randomRegular(int degree, Seed seed) {
        return new RandomTopologies.Regular(Check.positive("degree", degree), seed);
    }

    /** Returns the random graph in which each pair has an edge with a probability (Erdos and Renyi 1959). */
    public static Topology erdosRenyi(double probability, Seed seed) {
        return new RandomTopologies.Pairs(Check.share("probability", probability), seed);
    }

    /**
     * Returns a small world (Watts and Strogatz 1998): a ring of neighbours at distances up to {@code degree / 2},
     * whose edges are moved, each with a probability, to another end.
     *
     * @param degree even, at least 2
     */
    public static Topology smallWorld(int degree, double probability, Seed seed) {
        Check.that(degree >= 2 && degree % 2 == 0, "degree of a small world", "even, and at least 2", degree);
        Check.that(probability >= 0 && probability <= 1, "probability of a small world", "in [0, 1]", probability);
        return new RandomTopologies.SmallWorld(degree, probability, seed);
    }

    /** Returns pairs that are drawn anew in each round; of an odd number one node is left alone. */
    public static Topology pairs(Seed seed) {
        return new RandomTopologies.Matching(seed);
    }

    /** Returns a random topology that is drawn anew in each round, as in epidemic learning's EL-oracle. */
    public static Topology redrawn(int degree, Seed seed) {
        return new RandomTopologies.Redrawn(Check.positive("degree", degree), seed);
    }

    /**
     * Returns the graph of a file: on each line the indices of two nodes, counted from 0, with a space between them.
     * Empty lines, and those that begin with #, are left out.
     */
    public static Topology ofFile(Path file) {
        return new OfFile(Check.present("file", file));
    }

    /**
     * Returns a topology by its name, as experiments write it: {@code ring}, {@code torus}, {@code exponential}, {@code
     * star}, {@code complete}, {@code pairs}; with a degree, {@code random-regular-4} and {@code redrawn-4}; with a
     * probability, {@code erdos-renyi-0.3}; with both, {@code small-world-4-0.3}; or {@code @} and the path of a
     * {@linkplain #ofFile file}. What is random is drawn from the seed 0.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    public static Topology parse(String text) {
        if (text.startsWith("@")) {
            return ofFile(Path.of(text.substring(1)));
        }
        String name = text.replaceAll("(-[0-9.]+)*$", "");
        String[] numbers = text.substring(name.length()).split("-", -1); // the first is empty
        Seed seed = new Seed(0);
        try {
            if (name.equals(text)) {
                return name.equals("pairs") ? pairs(seed) : FixedTopology.valueOf(name.toUpperCase(Locale.ROOT));
            }
            return switch (name + " " + (numbers.length - 1)) {
                case "random-regular 1" -> randomRegular(Integer.parseInt(numbers[1]), seed);
                case "redrawn 1" -> redrawn(Integer.parseInt(numbers[1]), seed);
                case "erdos-renyi 1" -> erdosRenyi(Double.parseDouble(numbers[1]), seed);
                case "small-world 2" -> smallWorld(Integer.parseInt(numbers[1]), Double.parseDouble(numbers[2]), seed);
                default -> throw new IllegalArgumentException(text);
            };
        } catch (InvalidSettingException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "topology must be ring, torus, exponential, star, complete, pairs, random-regular-DEGREE,"
                            + " redrawn-DEGREE, erdos-renyi-PROBABILITY, small-world-DEGREE-PROBABILITY or @FILE, but"
                            + " was " + text,
                    e);
        }
    }

    private record OfFile(Path file) implements Topology {
        @Override
        public NodeGraph of(int nodes, int round) {
            NodeGraph.Builder graph = new NodeGraph.Builder(nodes);
            List<String> lines = lines();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i).strip();
                if (line.isEmpty() || line.startsWith("#")) {
                    continue;
                }
                String[] ends = line.split("\\s+", -1);
                try {
                    Check.that(ends.length == 2, "ends of an edge", "two", ends.length);
                    graph.edge(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(file + ", line " + (i + 1) + ": " + e.getMessage(), e);
                }
            }
            return graph.build();
        }

        private List<String> lines() {
            Check.that(Files.isRegularFile(file), "file of a topology", "one that is there", file);
            try {
                return Files.readAllLines(file);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + file, e);
            }
        }
    }
}
