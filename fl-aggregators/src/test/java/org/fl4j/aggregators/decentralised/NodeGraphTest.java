package org.fl4j.aggregators.decentralised;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeGraphTest {
    private static final Seed SEED = new Seed(3);

    @TempDir
    Path directory;

    private static int[] degrees(NodeGraph graph) {
        return IntStream.range(0, graph.size())
                .map(node -> graph.neighbours(node).length)
                .toArray();
    }

    private static int edges(NodeGraph graph) {
        return Arrays.stream(degrees(graph)).sum() / 2;
    }

    @Test
    void graphsHaveTheEdgesOfTheirNames() {
        assertThat(Topologies.ring().of(5, 1).neighbours(0)).containsExactly(1, 4);
        assertThat(edges(Topologies.ring().of(2, 1))).isEqualTo(1);
        assertThat(edges(Topologies.ring().of(1, 1))).isZero();
        assertThat(Topologies.torus().of(12, 1).neighbours(0)).containsExactly(1, 3, 4, 8); // three rows of four
        assertThat(Topologies.torus().of(4, 1).neighbours(0)).containsExactly(1, 2);
        assertThat(Topologies.exponential().of(16, 1).neighbours(0)).containsExactly(1, 2, 4, 8, 12, 14, 15);
        assertThat(degrees(Topologies.star().of(4, 1))).containsExactly(3, 1, 1, 1);
        assertThat(edges(Topologies.complete().of(6, 1))).isEqualTo(15);
        assertThat(degrees(Topologies.randomRegular(3, SEED).of(10, 1))).containsOnly(3);
        assertThat(degrees(Topologies.randomRegular(8, SEED).of(100, 1))).containsOnly(8);
        assertThat(edges(Topologies.erdosRenyi(1, SEED).of(7, 1))).isEqualTo(21);
        assertThat(edges(Topologies.erdosRenyi(.2, SEED).of(200, 1)))
                .as("within four standard deviations, of 3,980")
                .isBetween(3980 - 226, 3980 + 226);
        assertThat(edges(Topologies.smallWorld(4, .5, SEED).of(30, 1))).isEqualTo(60);
        assertThat(Topologies.smallWorld(4, 0, SEED).of(30, 1).neighbours(0)).containsExactly(1, 2, 28, 29);
    }

    @Test
    void somethingNewIsDrawnEachRoundOrNot() {
        Topology redrawn = Topologies.redrawn(3, SEED);
        assertThat(redrawn.varies()).isTrue();
        assertThat(degrees(redrawn.of(10, 1))).containsOnly(3);
        assertThat(neighbours(redrawn.of(10, 2))).isNotEqualTo(neighbours(redrawn.of(10, 1)));
        assertThat(neighbours(redrawn.of(10, 2))).isEqualTo(neighbours(redrawn.of(10, 2)));
        Topology pairs = Topologies.pairs(SEED);
        assertThat(Arrays.stream(degrees(pairs.of(9, 1))).sum()).isEqualTo(8);
        assertThat(neighbours(pairs.of(9, 2))).isNotEqualTo(neighbours(pairs.of(9, 1)));
        Topology fixed = Topologies.randomRegular(3, SEED);
        assertThat(neighbours(fixed.of(10, 2))).isEqualTo(neighbours(fixed.of(10, 1)));
        assertThat(fixed.varies()).isFalse();
    }

    private static String neighbours(NodeGraph graph) {
        return Arrays.deepToString(
                IntStream.range(0, graph.size()).mapToObj(graph::neighbours).toArray());
    }

    @Test
    void weightsAreSymmetricAndAddUpToOne() {
        NodeGraph graph = Topologies.erdosRenyi(.2, SEED).of(40, 1);
        BitSet there = new BitSet();
        there.set(0, 40);
        there.clear(7);
        there.clear(21);
        for (int node = 0; node < 40; node++) {
            if (!there.get(node)) {
                continue;
            }
            double sum = 0;
            for (Map.Entry<Integer, Double> other : graph.weights(node, there).entrySet()) {
                assertThat(there.get(other.getKey())).isTrue();
                assertThat(graph.weights(other.getKey(), there)).containsEntry(node, other.getValue());
                sum += other.getValue();
            }
            assertThat(sum).as("own weight of %d is positive", node).isLessThan(1);
        }
        there.set(0, 40);
        assertThat(Topologies.star().of(40, 1).weights(0, there)).hasSize(39).containsEntry(5, 1 / 40.0);
        assertThat(Topologies.complete().of(40, 1).weights(3, there)).containsEntry(5, 1 / 40.0);
    }

    /** Eigenvalues of a ring with weights 1/3 are (1 + 2 cos(2 pi k / n)) / 3; those of the mean of all are 1 and 0. */
    @Test
    void gapsAreThoseOfTheSpectrum() {
        for (int nodes : new int[] {4, 5, 16, 25}) {
            double second = 0;
            for (int k = 1; k < nodes; k++) {
                second = Math.max(second, Math.abs((1 + 2 * Math.cos(2 * Math.PI * k / nodes)) / 3));
            }
            assertThat(Topologies.ring().of(nodes, 1).spectralGap()).isCloseTo(1 - second, within(1e-6));
        }
        assertThat(Topologies.complete().of(8, 1).spectralGap()).isCloseTo(1, within(1e-9));
        NodeGraph apart = new NodeGraph.Builder(4).edge(0, 1).edge(2, 3).build();
        assertThat(apart.parts()).isEqualTo(2);
        assertThat(apart.spectralGap()).isCloseTo(0, within(1e-9));
    }

    @Test
    void readsEdgesFromAFile() throws IOException {
        Path file = Files.writeString(directory.resolve("edges.txt"), "# a path\n0 1\n\n 2\t1 \n2 3\n2 1\n");
        assertThat(degrees(Topologies.ofFile(file).of(4, 1))).containsExactly(1, 2, 2, 1);
        assertThatThrownBy(() -> Topologies.ofFile(directory.resolve("none")).of(4, 1))
                .hasMessageStartingWith("file of a topology must be one that is there, but was ");
        Files.writeString(file, "0 1\n2 two\n");
        assertThatThrownBy(() -> Topologies.ofFile(file).of(4, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("edges.txt, line 2");
        Files.writeString(file, "0 4\n");
        assertThatThrownBy(() -> Topologies.ofFile(file).of(4, 1))
                .hasMessageEndingWith("edges.txt, line 1: node must be in [0, 3], but was 4");
        Files.writeString(file, "0 1 2\n");
        assertThatThrownBy(() -> Topologies.ofFile(file).of(4, 1))
                .hasMessageEndingWith("ends of an edge must be two, but was 3");
    }

    @Test
    void topologiesHaveNames() {
        Seed zero = new Seed(0);
        assertThat(Topologies.parse("torus")).isEqualTo(Topologies.torus());
        assertThat(Topologies.parse("pairs")).isEqualTo(Topologies.pairs(zero));
        assertThat(Topologies.parse("redrawn-3")).isEqualTo(Topologies.redrawn(3, zero));
        assertThat(Topologies.parse("random-regular-3")).isEqualTo(Topologies.randomRegular(3, zero));
        assertThat(Topologies.parse("erdos-renyi-0.25")).isEqualTo(Topologies.erdosRenyi(.25, zero));
        assertThat(Topologies.parse("small-world-4-.1")).isEqualTo(Topologies.smallWorld(4, .1, zero));
        assertThat(Topologies.parse("@edges.txt")).isEqualTo(Topologies.ofFile(Path.of("edges.txt")));
        for (String text : new String[] {"rings", "ring-2", "redrawn", "redrawn-x", "small-world-4", ""}) {
            assertThatThrownBy(() -> Topologies.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("topology must be ring, torus,")
                    .hasMessageEndingWith("but was " + text);
        }
        assertThatThrownBy(() -> Topologies.parse("small-world-3-.1"))
                .hasMessageStartingWith("degree of a small world must be even");
    }

    @Test
    void refusesGraphsThatThereAreNot() {
        assertThatThrownBy(() -> Topologies.torus().of(7, 1)).hasMessageStartingWith("nodes of a torus must be");
        assertThatThrownBy(() -> Topologies.randomRegular(3, SEED).of(5, 1))
                .hasMessageStartingWith("degree of a random regular graph must be even");
        assertThatThrownBy(() -> Topologies.randomRegular(5, SEED).of(5, 1))
                .hasMessageStartingWith("degree of a random regular graph must be below");
        assertThatThrownBy(() -> Topologies.smallWorld(3, .1, SEED))
                .hasMessageStartingWith("degree of a small world must be even");
        assertThatThrownBy(() -> Topologies.smallWorld(4, 2, SEED))
                .hasMessageStartingWith("probability of a small world must be in [0, 1]");
        assertThatThrownBy(() -> Topologies.erdosRenyi(0, SEED)).hasMessageStartingWith("probability must be");
        assertThatThrownBy(() -> new NodeGraph.Builder(3).edge(1, 1))
                .hasMessage("edge must be between two nodes, but was 1 and itself");
    }
}
