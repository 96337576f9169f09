package org.fl4j.privacy.local;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.PrivacyTerms;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.simulation.Algorithm;

/**
 * DP-SGD inside each client (Abadi et al. 2016, arXiv 1607.00133, algorithm 1): every step draws a batch in which each
 * of the client's examples is by a coin of its own, clips each example's gradient to C, adds normal noise of deviation
 * {@code z C} to their sum and divides by the expected batch. What is guaranteed is about one example more or less of a
 * client, against anybody who sees its deltas; what comes after is post-processing, so any aggregator and selector will
 * do that needs no fact that comes from data, for they do not see it.
 *
 * <p>Each client's steps are charged when it is asked for an update, whatever becomes of that, and a client whose
 * budget does not pay for another round takes part no more. Of the run's {@link LocalTraining} the optimizer and the
 * learning rate are used; the number of steps and the batches are this algorithm's. Gradients of single examples are
 * not computed where the model is a network of the library's layers, see {@link org.fl4j.model.ClippedGradients};
 * otherwise every example of a batch has a backward pass of its own.
 *
 * <p>How many examples a client has is taken as public, as is the model's form. Models with buffers are refused.
 * Metrics as in {@link LocalDp}, and {@code train/clipped}, the share of examples whose gradient was clipped; metrics
 * are for the experimenter's eyes. For real data take {@link NoiseSource#secure} and a run seed that is random and
 * secret, for who is in a batch must not be known, and save every round: one that runs again after a crash is a second
 * release, which is not charged.
 *
 * @param clippingBound C, positive
 * @param noiseMultiplier z, positive
 * @param rate the probability that an example is in a batch, in (0, 1]
 * @param steps of a client in a round, at least 1
 * @param budget what each client may spend in the whole run
 * @param noise where noise comes from
 * @param log where releases are written, if anywhere
 */
public record DpSgd(
        double clippingBound,
        double noiseMultiplier,
        double rate,
        int steps,
        PrivacyBudget budget,
        NoiseSource noise,
        Optional<PrivacyLog> log)
        implements Algorithm {
    /** Checks all, and that the budget pays for one round at least. */
    public DpSgd {
        Check.positive("clippingBound", clippingBound);
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.share("rate", rate);
        Check.positive("steps", steps);
        Check.present("budget", budget);
        Check.present("noise", noise);
        Check.present("log", log);
        budget.requireCovers(
                "one round", new Mechanism.Gaussian(noiseMultiplier), new SamplingScheme.Poisson(rate), steps);
    }

    /** Writes no log. */
    public DpSgd(
            double clippingBound,
            double noiseMultiplier,
            double rate,
            int steps,
            PrivacyBudget budget,
            NoiseSource noise) {
        this(clippingBound, noiseMultiplier, rate, steps, budget, noise, Optional.empty());
    }

    @Override
    public Parts on(Parts parts) {
        return LedgerServer.install(parts.sgdClients(new Clients(this)), this, ledger(), log);
    }

    ClientLedger ledger() {
        return new Ledger(this);
    }

    /** Accepts its own clients only, and only what they use of the training. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.clients().isEmpty() && parts.sgdClients().equals(new Clients(this)),
                "clients under DP-SGD",
                "those it sets",
                parts.clients().<Object>map(own -> own).orElse(parts.sgdClients()));
        Check.that(
                parts.settings().isEmpty(),
                "training under DP-SGD",
                "the same in every round, for steps are accounted for",
                "adaptive");
        parts.training()
                .ifPresent(training -> Check.that(
                        training.gradientClip().isEmpty() && training.proximalTerm() == 0,
                        "training under DP-SGD",
                        "without gradient clip and proximal term, which it does not use",
                        training));
        LedgerServer.requireNoReaders("DP-SGD", parts);
    }

    private record Clients(DpSgd algorithm) implements SgdClientFactory {
        @Override
        public SgdClient create(ClientId id, Worker worker, LocalTraining training) {
            return new DpSgdClient(id, worker, training, algorithm);
        }

        @Override
        public LocalTraining effective(LocalTraining training) {
            return training.steps(algorithm.steps());
        }
    }

    private record Ledger(DpSgd dp) implements ClientLedger {
        @Override
        public double epsilon() {
            return dp.budget.epsilon();
        }

        @Override
        public int numbers() {
            return 1; // rounds that the client took part in
        }

        @Override
        public PrivacyTerms terms() {
            return new PrivacyTerms(
                    "dp-sgd",
                    Map.of("noise multiplier", dp.noiseMultiplier, "rate", dp.rate, "steps", (double) dp.steps));
        }

        private PrivacyEvent stepsOf(long rounds) {
            return new PrivacyEvent(
                    new Mechanism.Gaussian(dp.noiseMultiplier), new SamplingScheme.Poisson(dp.rate), rounds * dp.steps);
        }

        @Override
        public PrivacyEvent next(ClientId client, int round) {
            return stepsOf(1);
        }

        @Override
        public PrivacyEvent released(Facts sent) {
            return stepsOf(1);
        }

        @Override
        public double scale(PrivacyEvent release) {
            return dp.noiseMultiplier * dp.clippingBound;
        }

        @Override
        public double[] charged(double[] account, PrivacyEvent release) {
            return new double[] {account[0] + 1};
        }

        @Override
        public double spent(double... account) {
            return dp.budget.accountant().epsilon(List.of(stepsOf(Math.round(account[0]))), dp.budget.delta());
        }
    }
}
