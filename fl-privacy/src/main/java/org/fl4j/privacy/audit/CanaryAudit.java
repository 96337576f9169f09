package org.fl4j.privacy.audit;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/**
 * Attacks whole rounds of a private aggregator with canaries, clients who send as much as they may along a direction of
 * their own, and reports what the attack shows beside what was proved. How much it can show is bounded by the number of
 * runs or canaries; a mechanism that passes may still be wrong.
 *
 * <pre>{@code
 * AuditReport report = dp.audit(100).twoWorlds(100_000, proved, 1e-5, 0.999, new Seed(1));
 * }</pre>
 *
 * <p>By default the attacker sees the whole round ({@link View#ROUND}). A part with a small share of the privacy cost
 * is better attacked alone, against what was proved of it: noise that is missing there hardly raises the cost of the
 * round.
 *
 * @param aggregator under attack
 * @param upload what clients do to their updates before they send them
 * @param clients how many clients the run has, at least 1: what a mean's denominator may depend on
 * @param view what the attacker sees
 */
public record CanaryAudit(Aggregator aggregator, UpdateTransform upload, int clients, View view) {
    private static final float LONG = 1e6f; // longer than any clipping bound
    private static final double LEAST_DEVIATION = 1e-6; // relative to the distance of the worlds

    /** What an attacker sees of a round. */
    public enum View {
        /** The change of the model and the {@linkplain Aggregator#attachments attachments} of the next model. */
        ROUND,
        /** The change of the model alone. */
        MODEL,
        /** The attachments of the next model alone, such as the next clipping bound. */
        ATTACHMENTS
    }

    /** Checks all. */
    public CanaryAudit {
        Check.present("aggregator", aggregator);
        Check.present("upload", upload);
        Check.positive("clients", clients);
        Check.present("view", view);
        Check.that(
                view != View.ATTACHMENTS || aggregator.sendsAttachments(),
                "aggregator whose attachments are audited",
                "one that sends some",
                aggregator.getClass().getSimpleName());
    }

    /** Shows the attacker the whole round. */
    public CanaryAudit(Aggregator aggregator, UpdateTransform upload, int clients) {
        this(aggregator, upload, clients, View.ROUND);
    }

    /** Returns this audit by an attacker who sees something else. */
    public CanaryAudit seeing(View other) {
        return new CanaryAudit(aggregator, upload, clients, other);
    }

    /**
     * Runs a round many times without and with one canary, and guesses which it was by a weighted sum of all that the
     * attacker sees. Weights and threshold are chosen on one half of the runs and judged on the other
     * ({@link PrivacyAudit#twoWorlds}).
     *
     * @param runs of each world, at least 20
     * @param proved the epsilon of one round when every client takes part
     * @param delta of both, in [0, 1)
     * @param confidence of what is shown, in (0, 1)
     * @param seed of rounds and coins
     */
    public AuditReport twoWorlds(int runs, double proved, double delta, double confidence, Seed seed) {
        Check.atLeast("runs", 20, runs);
        double[][][] seen = new double[2][runs][];
        for (int world = 0; world < 2; world++) {
            for (int run = 0; run < runs; run++) {
                BitSet canaries = new BitSet();
                canaries.set(0, world == 1);
                seen[world][run] = seen(released(canaries, 1, seed.derive(world).derive(run)));
            }
        }
        int half = runs / 2;
        double[] weights = weights(seen, half);
        double[][] scores = Arrays.stream(seen)
                .map(world -> Arrays.stream(world)
                        .mapToDouble(numbers -> score(numbers, weights))
                        .toArray())
                .toArray(double[][]::new);
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

    private double[] seen(double... released) {
        return switch (view) {
            case ROUND -> released;
            case MODEL -> Arrays.copyOf(released, 1);
            case ATTACHMENTS -> Arrays.copyOfRange(released, 1, released.length);
        };
    }

    /**
     * Returns the weights of the likelihood ratio of normal numbers that are independent: the distance of the worlds
     * over the variance. Worlds that differ without noise weigh more than anything else.
     */
    private static double[] weights(double[][][] seen, int runs) {
        double[] weights = new double[seen[0][0].length];
        for (int i = 0; i < weights.length; i++) {
            double[] means = new double[2];
            double[] variances = new double[2];
            for (int world = 0; world < 2; world++) {
                for (int run = 0; run < runs; run++) {
                    means[world] += seen[world][run][i] / runs;
                }
                for (int run = 0; run < runs; run++) {
                    variances[world] += Math.pow(seen[world][run][i] - means[world], 2) / runs;
                }
            }
            double distance = means[1] - means[0];
            double variance = Math.max((variances[0] + variances[1]) / 2, Math.pow(LEAST_DEVIATION * distance, 2));
            weights[i] = distance == 0 ? 0 : distance / variance;
        }
        return weights;
    }

    private static double score(double[] numbers, double... weights) {
        double score = 0;
        for (int i = 0; i < weights.length; i++) {
            score += weights[i] * numbers[i];
        }
        return score;
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
     * Runs one round into which each of many canaries goes by a coin of its own, and guesses the coins of those with
     * the highest and the lowest scores ({@link PrivacyAudit#oneRun}). Cheap, and weaker than {@link #twoWorlds}. A
     * score is the canary's own coordinate of the model; attachments are not looked at, because all canaries would
     * share them.
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

    /**
     * Returns what a round releases whose clients are these canaries: the change of each canary's coordinate, and then
     * the attachments of the next model in the order of their names.
     */
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
                            new TrainingTask(round.ticket(client), 0, state.model(), aggregator.attachments(state));
                    ModelUpdate made = new ModelUpdate(client, 0, 1, 1, canary(layout, i, manager), Metrics.none());
                    aggregation.add(upload.transform(made, task));
                }
            });
            Aggregate aggregate = aggregation.combine();
            ParameterVector delta = aggregate
                    .delta()
                    .orElseThrow(
                            () -> new IllegalStateException("a round must release something, whoever is in it, to be"
                                    + " audited, but " + aggregator + " released nothing"));
            ServerState next = new ServerState(1, state.model(), aggregate.strategy());
            return Stream.concat(
                            Stream.of(delta.trainable()), new TreeMap<>(aggregator.attachments(next)).values().stream())
                    .flatMapToDouble(CanaryAudit::numbers)
                    .toArray();
        }
    }

    private static DoubleStream numbers(NDArray array) {
        float[] floats = array.toFloatArray();
        return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]);
    }

    private static ParameterVector canary(ParameterLayout layout, int coordinate, NDManager manager) {
        ParameterVector canary = ParameterVector.zeros(layout, manager);
        Kernels.copy(
                Tensors.create(manager, new float[] {LONG}, new Shape(1)),
                Kernels.narrow(canary.floats(), coordinate, 1));
        return canary;
    }
}
