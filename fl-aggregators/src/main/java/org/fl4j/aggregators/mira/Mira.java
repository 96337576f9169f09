package org.fl4j.aggregators.mira;

import org.fl4j.aggregators.FedAvg;
import org.fl4j.internal.Check;
import org.fl4j.server.AddDelta;
import org.fl4j.server.ComposedServer;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;

/**
 * MIRA, federated multi-task learning (Elbakary et al. 2024, arXiv 2410.15524): every client has a model W_k of its own. It
 * trains it locally, and the server then draws it towards those of the client's neighbours in the cohort, {@code W_k -= rate
 * steps lambda sum_l a_kl (W_k - W_l)}, with all models on the right as they came from training. With a symmetric graph and
 * equal steps the sum of all models is kept; the models contract while {@code rate steps lambda} times the Laplacian's
 * largest eigenvalue stays below 2, and a round that would break that bound ends the run.
 *
 * <p>Deviations: the latest state is the aggregated one, as the paper means and its code does not. A client that takes part
 * for the first time starts from the run's own model, which moves by the mean change of the cohort's models. Float buffers
 * are drawn together with the parameters. The rate is the one that each client reports. An aggregator or server optimizer of
 * another kind would have no part in it, and is refused.
 *
 * @param graph who is like whom
 * @param lambda the strength of the coupling, at least 0; 0 is local training
 */
public record Mira(ClientGraph graph, double lambda) implements Algorithm {
    /** Checks all. */
    public Mira {
        Check.present("graph", graph);
        Check.notNegative("lambda", lambda);
    }

    @Override
    public void configure(SimulationBuilder builder) {
        builder.usualAggregator(new FedAvg()) // not asked: the server below couples the models itself
                .server((server, run) -> {
                    Check.that(
                            server instanceof ComposedServer,
                            "server under MIRA",
                            "the composed one; set a clock after MIRA",
                            server.getClass().getSimpleName());
                    return new MiraServer(server, run, this);
                });
    }

    /** Refuses what its server would never ask. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.aggregator().equals(new FedAvg()),
                "aggregator under MIRA",
                "left out, for its server couples the models itself",
                parts.aggregator().getClass().getSimpleName());
        Check.that(
                parts.serverOptimizer().equals(new AddDelta(1)),
                "serverOptimizer under MIRA",
                "left out, for its server couples the models itself",
                parts.serverOptimizer().getClass().getSimpleName());
        Check.that(
                !parts.sgdClients().keepsState(),
                "clients under MIRA",
                "such as keep nothing between rounds, for MIRA keeps their models in that place",
                "those of an algorithm that keeps a state");
    }
}
