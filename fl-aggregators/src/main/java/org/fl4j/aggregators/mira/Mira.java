package org.fl4j.aggregators.mira;

import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.ServerLayer;

/**
 * MIRA, federated multi-task learning (Elbakary et al. 2024, arXiv 2410.15524): every client has a model W_k of its
 * own. It trains it locally, and the server then draws it towards those of the client's neighbours in the cohort,
 * {@code W_k -= rate steps lambda sum_l a_kl (W_k - W_l)}, with all models on the right as they came from training.
 * With a symmetric graph and equal steps the sum of all models is kept; the models contract while
 * {@code rate steps lambda} times the Laplacian's largest eigenvalue stays below 2, and a round that would break that
 * bound ends the run.
 *
 * <p>Deviations: the latest state is the aggregated one, as the paper means and its code does not. A client that takes
 * part for the first time starts from the run's own model, which moves by the mean change of the cohort's models. Float
 * buffers are drawn together with the parameters. The rate is the one that each client reports. An aggregator or server
 * optimizer of another kind would have no part in it, and is refused.
 *
 * @param graph who is like whom
 * @param lambda the strength of the coupling, at least 0; 0 is local training. Without a number, each round scales it
 *     by {@code share}
 * @param share how far to go towards the bound of stability where {@code lambda} is not given, in [0, 1)
 */
public record Mira(GraphOfClients graph, OptionalDouble lambda, double share) implements Algorithm {
    private static final double USUAL_SHARE = .5;

    /** Checks all. */
    public Mira {
        Check.present("graph", graph);
        lambda.ifPresent(strength -> Check.notNegative("lambda", strength));
        Check.fraction("share", share);
    }

    /** Couples with a given strength. */
    public Mira(GraphOfClients graph, double lambda) {
        this(graph, OptionalDouble.of(lambda), USUAL_SHARE);
    }

    /** Couples half as strongly as is stable. */
    public Mira(GraphOfClients graph) {
        this(graph, OptionalDouble.empty(), USUAL_SHARE);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.usualAggregator(new FedAvg()) // not asked: the server below couples the models itself
                .server(ServerLayer.BASE, (server, run) -> new MiraServer(server, run, this));
    }

    /** Refuses what its server would never ask, and a coupling under which models would diverge in the first round. */
    @Override
    public void verify(Parts parts) {
        ClientGraph ofRun = graph.of(parts.data().clients().size());
        parts.training()
                .ifPresent(
                        training -> requireStable(ofRun, training, parts.data().clients()));
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
    }

    private void requireStable(ClientGraph ofRun, LocalTraining training, ClientDirectory clients) {
        double strength = lambda.orElse(0);
        if (strength == 0) {
            return;
        }
        int steps = IntStream.range(0, clients.size())
                .map(position -> training.stepCount(clients.examplesAt(position)))
                .max()
                .orElse(0);
        double rate = training.learningRate().at(1);
        double eigenvalue = ofRun.largestEigenvalue();
        double most = 2 / (rate * steps * eigenvalue);
        Check.that(
                strength < most,
                "lambda of MIRA",
                "below " + (float) most + ", or models diverge: the learning rate is " + rate
                        + ", the largest client takes " + steps
                        + " steps, and the largest eigenvalue of the graph's Laplacian is "
                        + (float) eigenvalue + "; leave lambda out to have it scaled",
                strength);
    }
}
