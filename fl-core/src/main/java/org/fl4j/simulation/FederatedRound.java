package org.fl4j.simulation;

import org.fl4j.core.Server;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;

/**
 * One round, in six steps: the server plans who takes part and what each of them is sent, once clients have answered
 * what it wants to know for that; the clients train; the server
 * folds their updates into the next state; the new model is evaluated; the round is recorded; the new state is
 * returned.
 */
public final class FederatedRound {
    private final Server server;
    private final RoundStarts starts;
    private final Queries queries;
    private final Training training;
    private final Evaluation evaluation;
    private final RoundRecorder recorder = new RoundRecorder();

    FederatedRound(Server server, RoundStarts starts, Queries queries, Training training, Evaluation evaluation) {
        this.server = server;
        this.starts = starts;
        this.queries = queries;
        this.training = training;
        this.evaluation = evaluation;
    }

    /**
     * What a round ends with.
     *
     * @param state the state after it, whose arrays belong to the caller's scope
     * @param report what happened
     */
    public record Outcome(ServerState state, RoundReport report) {}

    /**
     * Computes the round after a state.
     *
     * @throws ClientFailedException if a client fails and the run's policy is to fail
     * @throws RoundRefusedException if what the round comes to is not finite and the run's policy is to fail
     */
    public Outcome run(ServerState state) {
        Stopwatch watch = new Stopwatch();
        RoundContext round = starts.after(state);

        // 1. plan: who takes part, and what each of them is sent; the server may ask clients something first
        Queries.Asked asked = queries.before(state, round);
        RoundPlan plan = server.plan(asked.state(), starts.clients(), round);

        // 2. train: wherever the executor runs clients, a few of them ahead of the server
        try (Uploads uploads = training.of(plan, round)) {

            // 3. fold: the server takes one update after another, in cohort order
            ServerUpdate update = server.update(asked.state(), plan, uploads, round);
            uploads.end(update);
            watch.trained();

            // 4. evaluate: centrally, and on the clients
            Evaluation.Result evaluated = evaluation.of(update.state(), round);

            // 5. record
            RoundReport report =
                    recorder.report(new RoundRecorder.Seen(round, plan, asked, uploads, update, evaluated, watch));

            // 6. return
            return new Outcome(update.state(), report);
        } finally {
            round.updates().roundEnded(round.number());
        }
    }
}
