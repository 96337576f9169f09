package org.fl4j.privacy.local;

import java.util.Map;
import java.util.Optional;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.PrivacyTerms;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.simulation.Algorithm;

/**
 * Local differential privacy: each client clips its delta and adds all of its noise itself, so that nobody has to be
 * trusted. A rule chooses each task's mechanism and a raise may only add to its noise; what each update really had is
 * charged to its client, and a client whose budget does not pay for its next task takes part no more. The run ends when
 * nobody can. Whoever is asked is charged, also a client whose update is late, not waited for, or lost because it
 * failed: at the rule's noise, for nobody has seen what it really had.
 *
 * <p>A client's cost after several tasks: its Gaussian noise composes to one Gaussian release with the inverse squares
 * of multipliers summed, exactly; the epsilons of its Laplace noise are added to that. What is guaranteed is about all
 * data of one client replaced by none, against anybody who sees its updates. Cohort sampling does not lessen it.
 *
 * <p>Metrics of a round: {@code privacy/epsilon}, the highest of any client so far; {@code privacy/clients left}, who
 * can pay for another task. Updates tell the {@link PrivacyFacts}. Every release goes to the log, whatever became of
 * the update.
 *
 * @param clippingBound C, positive: of the Euclidean norm for Gaussian noise, of the sum of magnitudes for Laplace
 *     noise
 * @param base each task's least noise
 * @param raise what may be added to it
 * @param epsilon of each client in the whole run, positive
 * @param delta of each client in the whole run, in (0, 1)
 * @param noise where noise comes from
 * @param log where releases are written, if anywhere
 */
public record LocalDp(
        double clippingBound,
        NoiseRule base,
        NoiseRaise raise,
        double epsilon,
        double delta,
        NoiseSource noise,
        Optional<PrivacyLog> log)
        implements Algorithm {
    private static final int LOOKED_AT = 100; // clients and rounds
    private static final int INVERSE_SQUARES = 0; // of Gaussian multipliers, summed
    private static final int INVERSES = 1; // of Laplace multipliers, summed

    /** Checks all. */
    public LocalDp {
        Check.positive("clippingBound", clippingBound);
        Check.present("base", base);
        Check.present("raise", raise);
        Check.positive("epsilon", epsilon);
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        Check.present("noise", noise);
        Check.present("log", log);
    }

    /** Takes one mechanism for all tasks, and no log. */
    public LocalDp(double clippingBound, Mechanism mechanism, double epsilon, double delta, NoiseSource noise) {
        this(clippingBound, NoiseRule.same(mechanism), NoiseRaise.none(), epsilon, delta, noise, Optional.empty());
    }

    @Override
    public Parts on(Parts parts) {
        return LedgerServer.install(parts.uploadTransform(release()), this, ledger(), log);
    }

    UpdateTransform release() {
        return new Release(this);
    }

    ClientLedger ledger() {
        return new Ledger(this);
    }

    /** Accepts no upload transform after its own: noise must be the last, and charged. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.uploadTransform().last().equals(release()),
                "last upload transform under local differential privacy",
                "the noise it sets",
                parts.uploadTransform().last());
        Check.that(
                !parts.aggregator().readsAttachments(),
                "aggregator under local differential privacy",
                "one that needs nothing beside the deltas, for attachments would leave without noise",
                parts.aggregator().getClass().getSimpleName());
        LedgerServer.requireNoReaders("local differential privacy", parts);
        if (parts.staleness().isPresent()) {
            requireSteady(parts.data().clients());
        }
    }

    /**
     * In asynchronous rounds a client is let in by what it would spend in one round, and sends in a later one. Looks at
     * some clients and rounds.
     */
    private void requireSteady(ClientDirectory clients) {
        for (int position = 0; position < Math.min(LOOKED_AT, clients.size()); position++) {
            ClientId client = clients.id(position);
            Mechanism first = base.mechanism(client, 1);
            for (int round = 2; round <= LOOKED_AT; round++) {
                Mechanism then = base.mechanism(client, round);
                Check.that(
                        then.equals(first),
                        "noise rule under asynchronous rounds",
                        "the same in every round, " + first + " for " + client,
                        then + " in round " + round);
            }
        }
    }

    private record Release(LocalDp dp) implements UpdateTransform {
        @Override
        public boolean hidesCounts() {
            return true;
        }

        @Override
        public boolean readsDelta() {
            return true;
        }

        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            Mechanism least = dp.base.mechanism(task.client(), task.round());
            double factor = dp.raise.factor(task.client(), task.round());
            Check.that(factor >= 1 && Double.isFinite(factor), "factor of the noise", "at least 1 and finite", factor);
            double multiplier = Check.positive("noiseMultiplier", factor * least.noiseMultiplier());
            Mechanism raised = least instanceof Mechanism.Laplace
                    ? new Mechanism.Laplace(multiplier)
                    : new Mechanism.Gaussian(multiplier);
            ModelUpdate noisy =
                    NoisyUpload.local(dp.clippingBound, raised, dp.noise).transform(Noise.withoutClaims(update), task);
            return noisy.with(noisy.receipt().withCounts(1, 1))
                    .with(PrivacyFacts.RELEASE_EPSILON, dp.ledger().cost(Ledger.once(raised)));
        }
    }

    private record Ledger(LocalDp dp) implements ClientLedger {
        @Override
        public int numbers() {
            return 2;
        }

        @Override
        public double epsilon() {
            return dp.epsilon;
        }

        @Override
        public PrivacyTerms terms() {
            return new PrivacyTerms("local-dp", Map.of());
        }

        @Override
        public PrivacyEvent next(ClientId client, int round) {
            return once(dp.base.mechanism(client, round));
        }

        @Override
        public PrivacyEvent released(Facts sent) {
            return once(NoisyUpload.mechanism(sent));
        }

        @Override
        public double scale(PrivacyEvent release) {
            return release.mechanism().noiseMultiplier() * dp.clippingBound;
        }

        private static PrivacyEvent once(Mechanism mechanism) {
            return new PrivacyEvent(mechanism, new SamplingScheme.Poisson(1), 1);
        }

        @Override
        public double[] charged(double[] account, PrivacyEvent release) {
            double[] next = account.clone();
            double multiplier = release.mechanism().noiseMultiplier();
            if (release.mechanism() instanceof Mechanism.Laplace) {
                next[INVERSES] += 1 / multiplier;
            } else {
                next[INVERSE_SQUARES] += 1 / (multiplier * multiplier);
            }
            return next;
        }

        @Override
        public double spent(double... account) {
            double squares = account[INVERSE_SQUARES];
            double gaussian = squares == 0 ? 0 : GaussianMechanism.epsilon(1 / Math.sqrt(squares), dp.delta);
            return gaussian + account[INVERSES];
        }
    }
}
