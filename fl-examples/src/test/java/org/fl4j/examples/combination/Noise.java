package org.fl4j.examples.combination;

import java.util.Set;

/** Whether noise has the size that an algorithm says, by the distance of two models that differ in nothing else. */
final class Noise {
    private static final double TOLERANCE = .1; // of the deviation of some 3,000 values, which is known to 2 %
    private static final double NO_NOISE = 1e-9;

    private Noise() {}

    /** Two draws of the same deviation are the root of 2 times that apart. */
    static Observable centralDp() {
        return new Observable("noise has its deviation", trial -> {
            Outcome drawn = trial.firstRound(trial.part().settings());
            Outcome again = trial.firstRound(trial.part().settings() + ",noise=secure");
            double expected = Math.sqrt(2) * drawn.metric("privacy/noise deviation");
            return isOfSize(trial, Observable.distance(drawn, again), expected);
        });
    }

    /** The model is as far from that without noise as the multiplier, the bound and the cohort say. */
    static Observable dpFtrl() {
        return new Observable("noise has its deviation", trial -> {
            Outcome drawn = trial.firstRound(trial.part().settings());
            Outcome bare = trial.firstRound(trial.part().settings() + ",noiseMultiplier=" + NO_NOISE);
            double expected = /* multiplier */ 1 * /* bound */ .5 / /* cohort */ 4;
            return isOfSize(trial, Observable.distance(drawn, bare), expected);
        });
    }

    /** Where the noise of clients is transformed on its way, only that it is there can be said. */
    static Observable drawnAnew() {
        return new Observable("the model is another with other noise", trial -> {
            String settings = trial.part().settings();
            String other = settings.isEmpty() ? "noise=secure" : settings + ",noise=secure";
            return Observable.distance(trial.outcome(), trial.with(other)) > 0;
        });
    }

    /** What a server optimizer makes of noise has another size. */
    private static boolean isOfSize(Trial trial, double distance, double expected) {
        boolean scaled = trial.partner().kind() == Part.Kind.SERVER_OPTIMIZER
                || Set.of("reptile", "fedacg").contains(trial.partner().name());
        return scaled ? distance > 0 : Math.abs(distance / expected - 1) < TOLERANCE;
    }
}
