package org.fl4j.privacy.audit;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.core.StrategyState;
import org.fl4j.core.TrainingTask;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/**
 * Attacks whole rounds of a private aggregator with canaries, clients who send as much as they may along a direction of their own,
 * and reports what the attack shows beside what was proved. How much it can show is bounded by the number of runs or canaries; a mechanism
 * that passes may still be wrong.
 *
 * <pre>{@code
 * AuditReport report = dp.audit(100).twoWorlds(100_000, proved, 1e-5, .999, new Seed(1));
 * }</pre>
 *
 * @param aggregator under attack
 * @param upload what clients do to their updates before they send them
 * @param clients how many clients the run has, at least 1: what a mean's denominator may depend on
 */
public record CanaryAudit(Aggregator aggregator, UpdateTransform upload, int clients) {
    private static final float LONG = 1e6f; // longer than any clipping bound

    /** Checks all. */
    public CanaryAudit {
        Check.present("aggregator", aggregator);
        Check.present("upload", upload);
        Check.positive("clients", clients);
    }

    /**
     * Runs a round many times without and with one canary, and guesses by its coordinate: the threshold is chosen on one half of the
     * runs and judged on the other ({@link PrivacyAudit#twoWorlds}).
     *
     * @param runs of each world, at least 20
     * @param proved the epsilon of one round when every client takes part
     * @param delta of both, in [0, 1)
     * @param confidence of what is shown, in (0, 1)
     * @param seed of rounds and coins
     */
    public AuditReport twoWorlds(int runs, double proved, double delta, double confidence, Seed seed) {
        Check.atLeast("runs", 20, runs);
        double[][] scores = new double[2][runs];
        for (int world = 0; world < 2; world++) {
            for (int run = 0; run < runs; run++) {
                BitSet canaries = new BitSet();
                canaries.set(0, world == 1);
                scores[world][run] = released(canaries, 1, seed.derive(world).derive(run))[0];
            }
        }
        int half = runs / 2;
        double best = -1;
        double threshold = 0;
        for (int i = 1; i < 100; i++) {
            double candidate = quantile(scores[1], half, i / 100.0);
            double shown = shown(scores, 0, half, candidate, delta, 1 - confidence);
            if (shown > best) {
                best = shown;
                threshold = candidate;
            }
        }
        double shown = shown(scores, half, runs, threshold, delta, 1 - confidence);
        return new AuditReport(proved, shown, delta, confidence);
    }

    private static double quantile(double[] scores, int count, double share) {
        double[] sorted = Arrays.copyOf(scores, count);
        Arrays.sort(sorted);
        return sorted[(int) (share * count)];
    }

    private static double shown(double[][] scores, int from, int to, double threshold, double delta, double level) {
        int[] above = new int[2];
        for (int world = 0; world < 2; world++) {
            for (int run = from; run < to; run++) {
                above[world] += scores[world][run] >= threshold ? 1 : 0;
            }
        }
        int n = to - from;
        return PrivacyAudit.twoWorlds(above[1], n - above[1], above[0], n - above[0], delta, level);
    }

    /**
     * Runs one round into which each of many canaries goes by a coin of its own, and guesses the coins of those with the highest and
     * the lowest scores ({@link PrivacyAudit#oneRun}). Cheap, and weaker than {@link #twoWorlds}.
     *
     * @param canaries at least 2
     * @param guesses how many coins are guessed, in [2, canaries]
     */
    public AuditReport oneRun(int canaries, int guesses, double proved, double delta, double confidence, Seed seed) {
        Check.atLeast("canaries", 2, canaries);
        Check.inRange("guesses", 2, canaries, guesses);
        Check.that(canaries <= clients, "canaries", "at most the clients, " + clients, canaries);
        RandomGenerator coins = seed.derive("coins").generator();
        BitSet in = new BitSet();
        for (int i = 0; i < canaries; i++) {
            in.set(i, coins.nextBoolean());
        }
        double[] scores = released(in, canaries, seed);
        int[] order = IntStream.range(0, canaries)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> scores[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        int right = 0;
        for (int i = 0; i < guesses; i++) {
            boolean high = i % 2 == 0;
            int guessed = high ? order[canaries - 1 - i / 2] : order[i / 2];
            right += in.get(guessed) == high ? 1 : 0;
        }
        double shown = PrivacyAudit.oneRun(canaries, guesses, right, delta, 1 - confidence);
        return new AuditReport(proved, shown, delta, confidence);
    }

    /** The released model of a round whose clients are these canaries, each with a coordinate of its own. */
    private double[] released(BitSet canaries, int size, Seed seed) {
        ParameterLayout layout = new ParameterLayout.Builder()
                .add("canaries", new Shape(size), ParameterRole.TRAINABLE)
                .build();
        try (NDManager manager = TensorEngine.newManager(Device.cpu());
                NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            RoundContext round = new RoundContext(1, seed, clients);
            ServerState state = new ServerState(0, ParameterVector.zeros(layout, manager), StrategyState.empty());
            Aggregation aggregation = aggregator.begin(round, state);
            canaries.stream().forEach(i -> {
                try (NDScope ofOne = new NDScope()) {
                    ofOne.suppressNotUsedWarning();
                    ClientId client = new ClientId(i);
                    TrainingTask task =
                            new TrainingTask(client, round, 0, state.model(), aggregator.attachments(state));
                    ModelUpdate made = new ModelUpdate(client, 0, 1, 1, canary(layout, i, manager), Metrics.none());
                    aggregation.add(upload.transform(made, task));
                }
            });
            ParameterVector released = aggregation
                    .combine()
                    .delta()
                    .orElseThrow(
                            () -> new IllegalStateException("a round must release something, whoever is in it, to be"
                                    + " audited, but " + aggregator + " released nothing"));
            float[] floats = released.trainable().toFloatArray();
            return IntStream.range(0, size).mapToDouble(i -> floats[i]).toArray();
        }
    }

    private static ParameterVector canary(ParameterLayout layout, int coordinate, NDManager manager) {
        ParameterVector canary = ParameterVector.zeros(layout, manager);
        Kernels.copy(
                Tensors.create(manager, new float[] {LONG}, new Shape(1)),
                Kernels.narrow(canary.floats(), coordinate, 1));
        return canary;
    }
}
