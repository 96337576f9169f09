package org.fl4j.aggregators.decentralised;

import java.util.OptionalDouble;
import org.fl4j.internal.Check;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.ServerLayer;

/**
 * Learning without a server. All clients are nodes of a graph. In each round every node trains its own model, and then
 * averages it with those of its neighbours, by the graph's {@linkplain NodeGraph#weights Metropolis weights}. What is
 * averaged says {@link NodeStep}. A node that fails or drops out in a round keeps its model, and its neighbours average
 * without it. So does one that the selector did not choose: with a {@code cohortSize} below the number of clients, the
 * others sleep in that round.
 *
 * <p>The run's model, which the server's test data evaluate, is the mean of all nodes' models. Clients evaluate their
 * own. Rounds report the consensus distance, the root of the mean squared distance of nodes' models to their mean, as
 * {@code decentralised/consensus distance}, and the bytes between nodes as {@code decentralised/bytes}. The bytes up
 * and down of reports are those of an executor that runs nodes elsewhere.
 *
 * <p>Deviation: a node that takes part for the first time after the first round starts from the mean of all models.
 *
 * @param topology who talks to whom
 * @param step what is averaged
 * @param clipping where it is given, differences to neighbours are made at most so long before they are averaged:
 *     self-centred clipping against Byzantine neighbours (He, Karimireddy and Jaggi 2022, arXiv 2202.01545)
 */
public record Decentralised(Topology topology, NodeStep step, OptionalDouble clipping) implements Algorithm {
    /** Checks all. */
    public Decentralised {
        Check.present("topology", topology);
        Check.present("step", step);
        clipping.ifPresent(radius -> Check.positive("clipping", radius));
    }

    /** Averages without clipping. */
    public Decentralised(Topology topology, NodeStep step) {
        this(topology, step, OptionalDouble.empty());
    }

    @Override
    public Parts on(Parts parts) {
        return parts.usualAggregator(new FedAvg()) // not asked: the server below averages neighbours
                .server(ServerLayer.BASE, (server, run) -> new DecentralisedServer(server, run, this));
    }

    /** Refuses graphs in which not everybody hears of everybody, and what the nodes would never ask. */
    @Override
    public void verify(Parts parts) {
        int nodes = parts.data().clients().size();
        NodeGraph graph = topology.of(nodes, 1);
        Check.that(graph.size() == nodes, "nodes of the topology", "as many as clients, " + nodes, graph.size());
        Check.that(
                topology.varies() || graph.parts() == 1,
                "topology of decentralised learning",
                "connected, so that all nodes hear of each other",
                topology + " in " + graph.parts() + " parts");
        Check.that(
                parts.aggregator().equals(new FedAvg()),
                "aggregator of decentralised learning",
                "left out, for nodes average their neighbours' models",
                parts.aggregator().getClass().getSimpleName());
        Check.that(
                parts.serverOptimizer().equals(new AddDelta(1)),
                "serverOptimizer of decentralised learning",
                "left out, for there is no server",
                parts.serverOptimizer().getClass().getSimpleName());
        Check.that(
                parts.codec().isEmpty(),
                "codec of decentralised learning",
                "left out, for nodes send models and not deltas",
                parts.codec().map(codec -> codec.getClass().getSimpleName()).orElse(""));
    }
}
